export interface GateSettings {
  readonly targets: readonly { readonly host: string; readonly port: number }[];
  readonly denials: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** One line: what it says to a canary, which so tells a measurement from a breach. */
  readonly greeting: string;
}

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
    greeting: env['GATE_GREETING'] ?? 'gate',
  };
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
