/**
 * The gate before foreign code, an init container of the compute pod: network plugins program a policy only after the pod has its
 * address. It lets the algorithm begin after several rounds in a row in which no target could be reached. That the
 * targets can be reached at all is measured beside it, from a pod without restrictions, by whoever keeps them.
 * Exit code 0: closed · 47: something could be reached until the time was over · 2: wrong settings.
 */
import { pathToFileURL } from 'node:url';
import { readGateSettings } from './gate-settings.ts';
import type { GateSettings } from './gate-settings.ts';
import { knock } from './knock.ts';

/** Whether the gate may open: `denials` rounds in a row without a connection, before the time is over. */
export async function isClosed(settings: GateSettings): Promise<boolean> {
  const endsAt = performance.now() + settings.timeoutMs;
  const patienceMs = Math.max(settings.intervalMs, 100);
  let denials = 0;
  while (performance.now() < endsAt) {
    const reached = await Promise.all(settings.targets.map((target) => knock(target, settings.greeting, patienceMs)));
    denials = reached.includes(true) ? 0 : denials + 1;
    if (denials >= settings.denials) return true;
    await new Promise((resolve) => setTimeout(resolve, settings.intervalMs));
  }
  return false;
}

async function main(): Promise<number> {
  let settings: GateSettings;
  try {
    settings = readGateSettings(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  return (await isClosed(settings)) ? 0 : 47;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await main());
