import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { WavetankError, messageOf } from '../core/errors.ts';
import { EXIT, exitCodeOf } from '../harness/report/exit-code.ts';

export interface Command<T extends ParseArgsOptionsConfig> {
  /** As it is typed: `npm run fuzz`. */
  readonly name: string;
  /** What `--help` tells; it ends with a line break. */
  readonly usage: string;
  readonly options: T;
  /** Says with `false` that what was looked at does not hold. */
  run(values: ReturnType<typeof parseArgs<{ options: T }>>['values']): Promise<boolean | void>;
}

export interface Ending {
  /** One that all commands share. */
  readonly exitCode: number;
  readonly out?: string;
  readonly err?: string;
}

/** Runs a command of this folder on the command line. */
export async function runCommand<T extends ParseArgsOptionsConfig>(command: Command<T>): Promise<void> {
  const { exitCode, out = '', err = '' } = await endingOf(command, process.argv.slice(2));
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = exitCode;
}

/** How a command ends, and what is said of it besides what it says itself. */
export async function endingOf<T extends ParseArgsOptionsConfig>(
  { name, usage, options, run }: Command<T>,
  args: readonly string[],
): Promise<Ending> {
  if (args.includes('--help') || args.includes('-h')) return { exitCode: EXIT.ok, out: usage };
  try {
    return { exitCode: (await run(valuesOf(args, options))) === false ? EXIT.checkFailed : EXIT.ok };
  } catch (error) {
    const exitCode = exitCodeOf(error);
    return { exitCode, err: `${name}: ${messageOf(error)}\n${exitCode === EXIT.usage ? usage : ''}` };
  }
}

function valuesOf<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T }>>['values'] {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw flagInvalid(messageOf(error), error);
  }
}

/** What is wrong with a flag's value. */
export function flagInvalid(message: string, cause?: unknown): WavetankError {
  return new WavetankError('FLAG_INVALID', message, { category: 'usage', cause });
}

/** @throws WavetankError FLAG_INVALID for what is no whole number above 0 */
export function countOf(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count <= 0) throw flagInvalid(`${flag} must be a whole number above 0.`);
  return count;
}
