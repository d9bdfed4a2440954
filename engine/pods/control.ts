/**
 * A pod without restrictions that tries, every second, what compute pods must not reach. While it gets through, a pod that does not
 * was refused; when it does not, nothing is proven. One line of JSON for each round.
 */
import { pathToFileURL } from 'node:url';
import { readGateSettings } from './gate-settings.ts';
import type { GateSettings } from './gate-settings.ts';
import { knock } from './knock.ts';

export interface ControlLine {
  readonly green: boolean;
}

const TIMEOUT_MS = 900;
const EVERY_MS = 1000;

/** Whether every target can be reached now. */
export async function areReachable({ targets, greeting }: GateSettings): Promise<boolean> {
  const reached = await Promise.all(targets.map((target) => knock(target, greeting, TIMEOUT_MS)));
  return !reached.includes(false);
}

async function main(): Promise<void> {
  process.on('SIGTERM', () => process.exit(0));
  const settings = readGateSettings(process.env);
  for (;;) {
    const line: ControlLine = { green: await areReachable(settings) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
