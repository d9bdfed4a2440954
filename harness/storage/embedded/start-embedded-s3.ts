import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { Logger } from '../../../core/log.ts';
import type { Native } from '../../../core/native.ts';
import { runningResource } from '../../../core/resource.ts';
import type { OwnObjectStorage } from '../object-storage.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Limits } from './operation.ts';
import { S3_LIMITS } from './operation.ts';
import { openStorage } from './storage.ts';
import type { NewUser } from '../access-policy.ts';
import { Users } from './users.ts';

/** A connection on which nothing moves for so long is closed. */
const IDLE_MS = 120_000;

export interface EmbeddedS3Options {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: Logger;
  /** Created when missing; a second start finds the objects of the first. It belongs to one server at a time and is not removed on stop. */
  readonly dataDir: string;
  /** Default us-east-1. */
  readonly region?: string;
  /** The admin's; random when left out. */
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** Default 127.0.0.1 and a free port. */
  readonly host?: string;
  readonly port?: number;
  /** More addresses of this machine, at the same port. */
  readonly alsoOn?: readonly string[];
  /** Names besides addresses under which clients may call; default localhost. */
  readonly hostNames?: readonly string[];
  readonly limits?: Partial<Limits>;
}

/** The embedded S3 and its users. They live as long as the server does. */
export interface RunningEmbeddedS3 extends OwnObjectStorage {
  readonly backend: 'embedded';
  /** Adds an access key that may do what its policy allows, and nothing else. @throws WavetankError S3_USER_INVALID, S3_USER_EXISTS */
  createUser(user: NewUser): void;
  /** From now on its requests are refused with InvalidAccessKeyId. */
  removeUser(accessKey: string): void;
}

/** Starts an S3 service on loopback, plain HTTP, path-style; what it supports is in docs/fidelity-s3.md. */
export async function startEmbeddedS3(options: EmbeddedS3Options): Promise<RunningEmbeddedS3> {
  const { clock, entropy, log } = options;
  const accessKey = options.accessKey ?? randomHex(entropy, 10).toUpperCase();
  const secretKey = options.secretKey ?? randomHex(entropy, 20);
  const region = options.region ?? 'us-east-1';
  const users = new Users();
  users.add({ accessKey, secretKey, policy: [{ actions: ['s3:*'], bucket: '*' }] });
  const storage = openStorage(options);
  const limits = { ...S3_LIMITS, ...options.limits };
  const hostNames = options.hostNames ?? ['localhost'];
  const dispatch = createDispatcher({ storage, users, clock, entropy, region, limits, hostNames, log });

  const running = new Set<Promise<void>>();
  const serve = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const served = dispatch(request, response, expectsContinue)
      .catch((error: unknown) => log.debug('s3 connection lost', { reason: messageOf(error) }))
      .finally(() => running.delete(served));
    running.add(served);
  };
  // Bodies may take as long as they move: only headers and idle connections have a time limit.
  const server = createServer({ requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 30_000 }, serve(false));
  server.on('checkContinue', serve(true));
  server.timeout = IDLE_MS;
  const stop = async (): Promise<void> => {
    if (server.listening) await closeServer(server);
    await Promise.allSettled(running);
    storage.close();
  };
  try {
    const { host, port } = await listen(server, options);
    const facts = {
      backend: 'embedded' as const,
      endpoint: `http://${host}:${port}`,
      region,
      accessKey,
      secretKey,
      createUser: (user: NewUser) => void users.add(user),
      removeUser: (key: string) => users.remove(key),
    };
    log.info('embedded s3 started', { endpoint: facts.endpoint });
    return runningResource(facts, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}
