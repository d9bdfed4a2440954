import { rmSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import type { KubeClient, ObjectRef } from '../../engine/kubernetes/client.ts';
import { writePrivateFile } from '../testbed/endpoints.ts';
import { serviceAccountToken } from './service-account-token.ts';

/** Looked at this often instead of waited for at once: a machine that is suspended stops its timers, and no token's life. */
const LOOK_MS = 60_000;

export interface TokenFileOptions {
  readonly client: Pick<KubeClient, 'create'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly account: ObjectRef;
  readonly file: string;
}

/**
 * A service account's token in a file (mode 0600), replaced when half of its life is over. `stop` removes the file.
 * @throws KubeError
 */
export async function startTokenFile({
  client,
  clock,
  log,
  account,
  file,
}: TokenFileOptions): Promise<RunningResource> {
  const write = async (): Promise<number> => {
    const { token, expiresMs } = await serviceAccountToken(client, account);
    writePrivateFile(file, token);
    return (clock.now() + expiresMs) / 2;
  };
  let renewAt = await write();
  const stop = new AbortController();
  const renewing = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(LOOK_MS, stop.signal).catch(() => undefined); // stopped
      if (stop.signal.aborted || clock.now() < renewAt) continue;
      try {
        renewAt = await write();
      } catch (error) {
        log.warn('a token could not be renewed; it is tried again', {
          account: account.name,
          reason: messageOf(error),
        });
      }
    }
  })();
  return runningResource({}, async () => {
    stop.abort();
    await renewing;
    rmSync(file, { force: true });
  });
}
