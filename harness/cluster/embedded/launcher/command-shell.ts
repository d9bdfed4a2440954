import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { Native } from '../../../../core/native.ts';
import { WavetankError } from '../../../../core/errors.ts';
import { TOOL_ENV } from './tools.ts';

/**
 * A shell that lives in some namespaces and runs what it is told, several things at once. It ends when its standard
 * input does, so that a harness that is killed takes it along.
 */
export const COMMAND_LOOP =
  'umask 022; while IFS= read -r wt_id && IFS= read -r wt_command; do ( wt_out=$(eval "$wt_command" 2>&1 </dev/null); wt_rc=$?; ' +
  // Only a failure's words are put on one line: that costs two processes.
  'if [ "$wt_rc" != 0 ]; then wt_out=$(printf %s "$wt_out" | tr "\\n" " " | head -c 2000); else wt_out=; fi; ' +
  `printf 'done %s %s %s\\n' "$wt_id" "$wt_rc" "$wt_out" ) & done`;

export interface CommandShell {
  readonly child: ChildProcess;
  /** @throws WavetankError SANDBOX_COMMAND_FAILED with what the command said. */
  run(command: string): Promise<void>;
  /** The first line that is not an answer to a command. */
  greeting(): Promise<string>;
  say(line: string): void;
  stop(): Promise<void>;
}

interface Waiting {
  readonly command: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function startCommandShell(native: Native, argv: readonly string[]): CommandShell {
  const [file = '', ...args] = argv;
  const child = native.spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: TOOL_ENV, cwd: '/' });
  const waiting = new Map<string, Waiting>();
  const greeting = Promise.withResolvers<string>();
  greeting.promise.catch(() => undefined);
  const gone = Promise.withResolvers<void>();
  let lastWords = '';
  let sequence = 0;

  const stdin = child.stdin as Writable;
  stdin.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => (lastWords = `${lastWords}${chunk.toString()}`.slice(-2000)));
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const answer = /^done (\d+) (\d+) (.*)$/.exec(line);
    if (!answer) return greeting.resolve(line);
    const [, id = '', code = '', output = ''] = answer;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (code === '0') asked?.resolve();
    else asked?.reject(commandFailed(asked.command, code, output));
  });
  const onGone = (): void => {
    const error = new WavetankError('SANDBOX_GONE', `The sandbox's shell ended: ${lastWords.trim()}`);
    for (const asked of waiting.values()) asked.reject(error);
    waiting.clear();
    greeting.reject(error);
    gone.resolve();
  };
  child.once('error', (error) => {
    lastWords += error.message;
    onGone();
  });
  child.once('close', onGone);

  return {
    child,
    run(command) {
      if (child.exitCode !== null || child.signalCode !== null) {
        return Promise.reject(new WavetankError('SANDBOX_GONE', "The sandbox's shell has ended."));
      }
      return new Promise((resolve, reject) => {
        const id = String(sequence++);
        waiting.set(id, { command, resolve, reject });
        stdin.write(`${id}\n${command.replaceAll('\n', ' ')}\n`);
      });
    },
    greeting: () => greeting.promise,
    say: (line) => void stdin.write(`${line}\n`),
    async stop() {
      stdin.end();
      await gone.promise;
    },
  };
}

function commandFailed(command: string, code: string, output: string): WavetankError {
  const message = `A command in the sandbox failed with ${code}: ${output.trim()}`;
  return new WavetankError('SANDBOX_COMMAND_FAILED', message, { details: { command: command.slice(0, 500) } });
}
