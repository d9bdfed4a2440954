/**
 * A pod that may be reached by everybody and must not be reached by compute pods. It says who came, one line of JSON for each connection
 * and each datagram, and answers nobody.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';

export interface CanaryLine {
  /** Milliseconds since the epoch, when the connection came. */
  readonly at: number;
  readonly from: string;
  readonly over: 'tcp' | 'udp';
  /** The first line of what was said, shortened. */
  readonly said: string;
}

const KEPT_CHARS = 200;
/** How long a visitor may take to say who it is. */
const PATIENCE_MS = 250;

export interface CanarySettings {
  readonly port: number;
  /** Who says this is the control, whose visits, one every second, are not worth a line. A word that only it knows. */
  readonly silentFor: string;
}

/** Calls `tell` for each visitor. Resolves with the port that it listens on. */
export async function listenForVisitors(
  { port, silentFor }: CanarySettings,
  tell: (line: CanaryLine) => void,
): Promise<{ readonly port: number; close(): void }> {
  const visit = (from: string, over: 'tcp' | 'udp', at: number, said: string): void => {
    const words = firstLine(said);
    if (words !== silentFor) tell({ at, from: from.replace(/^::ffff:/, ''), over, said: words });
  };
  const server = createServer((socket) => receive(socket, visit));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve());
  });
  const address = server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  const udp = createSocket('udp4');
  udp.on('message', (message, { address: from }) => visit(from, 'udp', Date.now(), message.toString('latin1')));
  await new Promise<void>((resolve) => udp.bind(listening, resolve));
  const close = (): void => {
    udp.close();
    server.close();
  };
  return { port: listening, close };
}

function receive(socket: Socket, visit: (from: string, over: 'tcp', at: number, said: string) => void): void {
  const at = Date.now();
  const from = socket.remoteAddress ?? '';
  let said = '';
  let isTold = false;
  const tell = (): void => {
    if (!isTold) visit(from, 'tcp', at, said);
    isTold = true;
    socket.destroy();
  };
  const timer = setTimeout(tell, PATIENCE_MS);
  socket.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(0, KEPT_CHARS);
    if (said.includes('\n')) tell();
  });
  socket.on('error', tell);
  socket.on('close', () => {
    clearTimeout(timer);
    tell();
  });
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, KEPT_CHARS);
}

async function main(): Promise<void> {
  const port = Number(process.env['CANARY_PORT'] ?? 8080);
  await listenForVisitors({ port, silentFor: process.env['CANARY_SILENT_FOR'] ?? 'control' }, (line) =>
    process.stdout.write(`${JSON.stringify(line)}\n`),
  );
  process.on('SIGTERM', () => process.exit(0));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
