import type { CommonFlags } from './flags.ts';
import { parseFlags } from './flags.ts';
import type { DifferReport } from './report.ts';
import { summary } from './report.ts';

/** One pair of servers that are held against each other. */
export interface Differ<T extends string = string> {
  /** The flags, one line each. */
  readonly usage: string;
  /** Flags with a value that only this one has. */
  readonly ownFlags: readonly T[];
  /** Every listed difference by its id. */
  readonly reasons: ReadonlyMap<string, string>;
  /** @param tell of what is found, as it is found */
  run(
    flags: CommonFlags,
    own: Readonly<Partial<Record<T, string>>>,
    tell: (line: string) => void,
  ): Promise<DifferReport>;
}

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/**
 * Runs a differ by the flags of a command line, and says what came of it.
 * @returns the exit code: 0 when every difference is a listed one, 1 when not
 * @throws WavetankError FLAG_INVALID; whatever keeps the servers from running
 */
export async function runOnCommandLine(differ: Differ, args: readonly string[], { out, err }: Output): Promise<number> {
  const { common, values } = parseFlags(args, differ.ownFlags);
  if (common.help) {
    out(differ.usage);
    return 0;
  }
  const tell = (line: string): void => (common.json ? err(`${line}\n`) : out(`${line}\n`));
  const report = await differ.run(common, values, tell);
  if (common.json) out(`${JSON.stringify(report)}\n`);
  else for (const line of summary(report, differ.reasons)) out(`${line}\n`);
  return report.outcome === 'no unlisted difference' ? 0 : 1;
}
