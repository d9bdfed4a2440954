import { messageOf } from '../../core/errors.ts';
import { randomHex } from '../../core/entropy.ts';
import type { Seams } from '../../core/seams.ts';
import { API_VERSION, LABELS, MANAGED_BY, WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { EVENTS } from '../kubernetes/objects.ts';

interface Event extends KubeObject {
  [field: string]: unknown;
}

/** For `kubectl describe`. An event that cannot be written is lost: nothing may wait for it. */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #seams: Seams;
  readonly #identity: string;

  constructor(client: KubeClient, seams: Seams, identity: string) {
    this.#client = client;
    this.#seams = seams;
    this.#identity = identity;
  }

  record(workflow: WorkFlow, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { name, namespace, uid, resourceVersion } = workflow.metadata;
    const time = new Date(this.#seams.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const event: Event = {
      metadata: {
        name: `${name}.${randomHex(this.#seams.entropy, 6)}`,
        namespace,
        labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.job]: workflow.spec.jobId },
      },
      involvedObject: { apiVersion: API_VERSION, kind: WORKFLOWS.kind, name, namespace, uid, resourceVersion },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
      source: { component: this.#identity },
    };
    this.#client.create<Event>(EVENTS, event).catch((error: unknown) => {
      this.#seams.log.debug('event not written', { reason: messageOf(error) });
    });
  }
}
