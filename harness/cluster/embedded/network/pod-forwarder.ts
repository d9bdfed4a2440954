import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import type { Launcher, PodSandbox } from '../launcher/launcher.ts';
import { TOOL_ENV } from '../launcher/tools.ts';

/** A small process of ours in a pod's network: the kernel lets nobody else connect there. */
export interface PodForwarder {
  /** A connection to a port of the pod, for the mode `in`. */
  dial(port: number): Promise<Socket>;
  stop(): Promise<void>;
}

export interface ForwarderOptions {
  readonly native: Native;
  readonly launcher: Launcher;
  readonly sandbox: PodSandbox;
  readonly mode: 'in' | 'out';
  readonly socketPath: string;
  readonly port?: number;
}

const SCRIPT = fileURLToPath(new URL('pod-forwarder.mjs', import.meta.url));

/** @throws WavetankError FORWARDER_FAILED */
export async function startForwarder(options: ForwarderOptions): Promise<PodForwarder> {
  const { launcher, sandbox, socketPath } = options;
  const [node, script] = await Promise.all([launcher.expose(process.execPath), launcher.expose(SCRIPT)]);
  const [file, ...args] = [
    ...(sandbox.enterNetwork ?? []),
    node,
    script,
    options.mode,
    socketPath,
    String(options.port ?? ''),
  ];
  const child = options.native.spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: TOOL_ENV, cwd: '/' });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  (child.stdin as Writable).on('error', () => undefined);
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-500)));
  const ready = new Promise<void>((resolve) => (child.stdout as Readable).once('data', () => resolve()));
  const failed = gone.then(() => {
    throw new WavetankError('FORWARDER_FAILED', `A pod's network helper ended: ${words.trim()}`);
  });
  failed.catch(() => undefined);
  await Promise.race([ready, failed]);
  return {
    dial: (port) => dialThrough(socketPath, port),
    async stop() {
      // Not killed: nsenter has to stay, to reap the helper it waits for.
      child.stdin?.end();
      await gone;
    },
  };
}

/** The forwarder answers `+` once the pod has accepted. */
function dialThrough(socketPath: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const refused = (): void => reject(new WavetankError('DIAL_REFUSED', `The pod does not listen on port ${port}.`));
    socket.once('error', refused);
    socket.once('close', refused);
    socket.once('connect', () => socket.write(`${port}\n`));
    socket.once('readable', () => {
      if (socket.read(1) === null) return refused();
      socket.off('error', refused);
      socket.off('close', refused);
      resolve(socket);
    });
  });
}
