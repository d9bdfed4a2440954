import { createServer } from 'node:http';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { ClassicPorts } from '../classic-network.ts';

/** Below what systems give out for port 0, so that no other test gets one of them between here and their use. */
const LOWEST = 20_000;
const HIGHEST = 31_000;

let next = LOWEST + ((process.pid * 16) % (HIGHEST - LOWEST));

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const hasIt = await listen(server, { port }).then(
    () => true,
    () => false,
  );
  if (hasIt) await closeServer(server);
  return hasIt;
}

async function quietPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    next = next >= HIGHEST ? LOWEST : next + 1;
    if (await isFree(next)) return next;
  }
  throw new Error('no free port');
}

/** Ports for a classic network beside whatever has the classic ones on this machine. */
export async function quietPorts(): Promise<ClassicPorts> {
  const [chain, metadataCache] = [await quietPort(), await quietPort()];
  return { chain, metadataCache, provider: await quietPort(), operatorService: await quietPort() };
}
