/**
 * The gate before foreign code, an init container of the compute pod: network plugins program a policy only after the pod has its
 * address. It lets the algorithm begin after several rounds in a row in which no target could be reached. That the
 * targets can be reached at all is measured beside it, from a pod without restrictions, by whoever keeps them.
 * Exit code 0: closed · 47: something could be reached until the time was over · 2: wrong settings.
 */
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';

export interface GateSettings {
  readonly targets: readonly { readonly host: string; readonly port: number }[];
  readonly denials: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Says `gate` to the canary, so that it can tell a measurement from a breach. */
const GREETING = 'gate\n';

export function readGateSettings(env: Readonly<Record<string, string | undefined>>): GateSettings {
  const targets = (env['GATE_TARGETS'] ?? '')
    .split(',')
    .filter((target) => target !== '')
    .map(parseTarget);
  if (targets.length === 0) throw new Error('GATE_TARGETS names nothing to probe.');
  return {
    targets,
    denials: positive(env['GATE_DENIALS'], 3),
    intervalMs: positive(env['GATE_INTERVAL_MS'], 200),
    timeoutMs: positive(env['GATE_TIMEOUT_MS'], 30_000),
  };
}

/** Whether the gate may open: `denials` rounds in a row without a connection, before the time is over. */
export async function isClosed(settings: GateSettings): Promise<boolean> {
  const endsAt = performance.now() + settings.timeoutMs;
  let denials = 0;
  while (performance.now() < endsAt) {
    const reached = await Promise.all(settings.targets.map((target) => isReachable(target, settings.intervalMs)));
    denials = reached.includes(true) ? 0 : denials + 1;
    if (denials >= settings.denials) return true;
    await new Promise((resolve) => setTimeout(resolve, settings.intervalMs));
  }
  return false;
}

function isReachable({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (isReached: boolean): void => {
      socket.destroy();
      resolve(isReached);
    };
    socket.setTimeout(Math.max(timeoutMs, 100), () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('connect', () => socket.write(GREETING, () => answer(true)));
  });
}

function parseTarget(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  const host = text.slice(0, at).replace(/^\[|\]$/g, '');
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('GATE_TARGETS wants host:port.');
  return { host, port };
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isFinite(value) || value <= 0) throw new Error('The gate wants numbers above 0.');
  return value;
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
