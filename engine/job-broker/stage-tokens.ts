import { timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import type { Stage } from '../api/names.ts';
import { LABELS } from '../api/names.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import { SECRETS } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';

export interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Whose pod is speaking. Nothing of another job or stage can be reached as this. */
export interface PodIdentity {
  readonly jobId: string;
  readonly stage: Stage;
  readonly secretName: string;
}

/** Index of the cached Secrets by what a caller shows: the digest, so that no token is a key in a map. */
export const BY_TOKEN = 'token';

export function tokenDigestsOf(secret: SecretObject): readonly string[] {
  const token = decoded(secret, 'token');
  return token === '' ? [] : [sha256Hex(token)];
}

/** Label selector of the Secrets that hold stage tokens: the other Secrets of a job are none of them. */
export const STAGE_TOKEN_SELECTOR = LABELS.stage;

const STAGES: ReadonlySet<string> = new Set<Stage>(['configure', 'compute', 'publish']);

/**
 * Who shows this token. The engine makes a Secret per job and stage and removes it when the stage ends; with it goes the token's worth.
 * A token that the watch has not told of yet is looked for once in the cluster itself, since its pod may be quicker than the event.
 */
export class StageTokens {
  readonly #reflector: Reflector<SecretObject>;
  readonly #client: KubeClient;
  readonly #namespace: string;

  constructor(reflector: Reflector<SecretObject>, client: KubeClient, namespace: string) {
    this.#reflector = reflector;
    this.#client = client;
    this.#namespace = namespace;
  }

  async identify(token: string): Promise<PodIdentity | undefined> {
    const digest = sha256Hex(token);
    const known = this.#reflector.cache.byIndex(BY_TOKEN, digest)[0];
    return identityOf(known ?? (await this.#lookUp(digest)), token);
  }

  async #lookUp(digest: string): Promise<SecretObject | undefined> {
    const { items } = await this.#client.list<SecretObject>(SECRETS, {
      namespace: this.#namespace,
      labelSelector: STAGE_TOKEN_SELECTOR,
    });
    return items.find((secret) => tokenDigestsOf(secret).includes(digest));
  }
}

function identityOf(secret: SecretObject | undefined, token: string): PodIdentity | undefined {
  if (!secret || secret.metadata.deletionTimestamp) return undefined;
  const [expected, given] = [Buffer.from(decoded(secret, 'token')), Buffer.from(token)];
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  const [jobId, stage] = [decoded(secret, 'jobId'), decoded(secret, 'stage')];
  // The label is what the engine set for the object; the two must tell the same job.
  if (secret.metadata.labels?.[LABELS.job] !== jobId || !STAGES.has(stage)) return undefined;
  return { jobId, stage: stage as Stage, secretName: secret.metadata.name };
}

function decoded(secret: SecretObject, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
}
