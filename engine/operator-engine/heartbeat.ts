import { messageOf } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import { LABELS, MANAGED_BY, objectNames } from '../api/names.ts';
import type { ComputeEnvironment } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../kubernetes/kube-error.ts';
import { microTime } from '../kubernetes/leader-election.ts';
import type { ObjectCache } from '../kubernetes/object-cache.ts';
import { LEASES } from '../kubernetes/objects.ts';
import type { Lease } from '../kubernetes/pod-types.ts';

export interface HeartbeatOptions {
  readonly client: KubeClient;
  readonly seams: Seams;
  readonly environments: ObjectCache<ComputeEnvironment>;
  readonly identity: string;
  readonly heartbeatSeconds: number;
}

/** Says "served" for every environment, by a Lease that runs out when nobody says it any more. */
export function startHeartbeat(options: HeartbeatOptions): RunningResource {
  const { seams, environments, heartbeatSeconds } = options;
  const stop = new AbortController();
  const beat = async (): Promise<void> => {
    for (const environment of environments.list()) {
      if (stop.signal.aborted) return;
      await renew(options, environment).catch((error: unknown) =>
        seams.log.warn('heartbeat failed', { environment: environment.metadata.name, reason: messageOf(error) }),
      );
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await beat();
      await seams.clock.sleep((heartbeatSeconds * 1000) / 4, stop.signal).catch(() => undefined);
    }
  };
  environments.onChange((_key, environment, previous) => {
    if (environment !== undefined && previous === undefined && !stop.signal.aborted) {
      renew(options, environment).catch(() => undefined);
    }
  });
  const running = run();
  return runningResource({}, async () => {
    stop.abort();
    await running;
  });
}

async function renew(
  { client, seams, identity, heartbeatSeconds }: HeartbeatOptions,
  environment: ComputeEnvironment,
): Promise<void> {
  const { name, namespace } = environment.metadata;
  const ref = { name: objectNames.environmentLease(name), namespace };
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: heartbeatSeconds,
    renewTime: microTime(seams.clock.now()),
  };
  try {
    await client.mergePatch<Lease>(LEASES, ref, { spec });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client
      .create<Lease>(LEASES, { metadata: { ...ref, labels: labels(name) }, spec })
      .catch((failure: unknown) => {
        if (!isAlreadyExists(failure)) throw failure;
      });
  }
}

function labels(environment: string): Record<string, string> {
  return { [LABELS.managedBy]: MANAGED_BY, [LABELS.environment]: environment };
}
