import { SOURCE_EXTENSION } from '../../core/source-extension.ts';
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { runningResource } from '../../core/resource.ts';
import { reportStrayConnection } from '../observe/stray-connections.ts';
import type { JsonRpcCall } from './json-rpc.ts';
import type { FromNodeProcess, ToNodeProcess } from './node-messages.ts';
import { asError } from './node-messages.ts';
import type { NodeSettings, ServedNode } from './served-node.ts';

/**
 * The same as `startServedNode`, in a process of its own: neither its work nor its server's takes time from this one. A thread
 * would be lighter, but Hardhat's native part may be loaded once per process: a second thread with it ends everything.
 * @throws what the node's start throws, with its code
 */
export async function startNodeProcess(settingsOf: () => NodeSettings): Promise<ServedNode> {
  const node = new NodeProcess();
  try {
    const settings = settingsOf();
    const url = await node.start(settings);
    const handle = (call: JsonRpcCall): Promise<unknown> => node.call(call);
    return runningResource({ url, accounts: settings.accounts, handle }, () => node.stop());
  } catch (error) {
    await node.kill();
    throw error;
  }
}

class NodeProcess {
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<string>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<never>();
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #lastCall = 0;

  constructor() {
    const compileCache = getCompileCacheDir();
    this.#child = fork(
      path.join(import.meta.dirname, `node-process-main${SOURCE_EXTENSION}`),
      // Node names the folder after its version below the one that it is given.
      compileCache === undefined ? [] : [path.dirname(compileCache)],
      // In a group of its own: a terminal's Ctrl-C is for the testbed, which stops this process when it is its turn.
      { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true },
    );
    for (const { promise } of [this.#ready, this.#started, this.#stopped, this.#ended]) promise.catch(() => undefined); // told to whoever waits
    this.#child.on('message', (message) => this.#receive(message as FromNodeProcess));
    this.#child.once('error', (error) => this.#ended.reject(error));
    this.#child.once('exit', (code, signal) =>
      this.#ended.reject(new WavetankError('CHAIN_STOPPED', `The chain's process has ended (${signal ?? code}).`)),
    );
  }

  async start(settings: NodeSettings): Promise<string> {
    await this.#orEnded(this.#ready.promise);
    this.#tell({ type: 'start', settings });
    return this.#orEnded(this.#started.promise);
  }

  async call(call: JsonRpcCall): Promise<unknown> {
    const id = ++this.#lastCall;
    const answer = Promise.withResolvers<unknown>();
    this.#calls.set(id, answer);
    this.#tell({ type: 'call', id, call });
    try {
      return await this.#orEnded(answer.promise);
    } finally {
      this.#calls.delete(id);
    }
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'stop' });
    try {
      await this.#orEnded(this.#stopped.promise);
    } finally {
      await this.kill();
    }
  }

  /** Nothing that it has outlives it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.promise.catch(() => undefined);
  }

  #tell(message: ToNodeProcess): void {
    // Whether it arrives shows in the answer, or in the end of the process.
    this.#child.send(message, () => undefined);
  }

  #orEnded<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#ended.promise]);
  }

  #receive(message: FromNodeProcess): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve();
        break;
      case 'started':
        this.#started.resolve(message.url);
        break;
      case 'failed':
        this.#started.reject(asError(message.error));
        this.#stopped.reject(asError(message.error));
        break;
      case 'answer':
        this.#calls.get(message.id)?.resolve(message.result);
        break;
      case 'refusal':
        this.#calls.get(message.id)?.reject(asError(message.error));
        break;
      case 'stray':
        reportStrayConnection(message.port);
        break;
      case 'stopped':
        this.#stopped.resolve();
        break;
    }
  }
}
