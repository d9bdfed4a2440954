import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { Native } from '../../../../core/native.ts';
import { TOOL_ENV, findTool, inheritableDescriptors, shellWord } from './tools.ts';

/**
 * A small shell that forks containers for the harness. Node forks its whole self, with every page table: measured,
 * 3 ms at 45 MB and 20 ms at 350 MB, in which the event loop stands still. This shell's forks cost under 1 ms.
 * It also has none of the descriptors that this process may have inherited.
 */
export interface SpawnShell {
  /**
   * Runs a command in a child of its own; `command` gets an event prefix to write before what it says on descriptor 3.
   */
  spawn(command: (eventPrefix: string) => string, stdoutPath: string, stderrPath: string): Spawned;
  stop(): Promise<void>;
}

export interface Spawned {
  /** What it said on descriptor 3, a line each. Ends with its exit. */
  onSaid(listener: (line: string) => void): void;
  /** As a shell counts: 128 + n for signal n. */
  readonly exitCode: Promise<number>;
}

/** The shell is gone, and with it everything that ran in the sandbox. */
const GONE = 137;

/** As a container runtime has it, whatever this process has. */
const LOOP = 'umask 022; while IFS= read -r wt_command; do eval "$wt_command" & done';

/** `prefix` enters the namespaces that the shell lives in. */
export function startSpawnShell(native: Native, prefix: readonly string[]): SpawnShell {
  const surplus = inheritableDescriptors();
  // Only some shells can close a descriptor with two digits.
  const bash = surplus.some((fd) => fd > 9) ? findTool('bash') : undefined;
  // bash takes a socket as standard input for a remote login, and would read the user's start-up file.
  const shell = bash === undefined ? ['/bin/sh'] : [bash, '--norc', '--noprofile'];
  const close = surplus.map((fd) => `exec ${fd}>&-; `).join('');
  const argv = [...shell, '-c', `${close}exec "$@"`, 'sh', ...prefix, '/bin/sh', '-c', LOOP];
  const [file = '', ...args] = argv;
  const child = native.spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], env: TOOL_ENV, cwd: '/' });
  const running = new Map<string, { said: (line: string) => void; exit: (code: number) => void }>();
  const gone = Promise.withResolvers<void>();
  let sequence = 0;

  const stdin = child.stdin as Writable;
  stdin.on('error', () => undefined);
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const [, id = '', words = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    const about = running.get(id);
    const exit = /^exit (\d+)$/.exec(words)?.[1];
    if (exit === undefined) return about?.said(words);
    running.delete(id);
    about?.exit(Number(exit));
  });
  const onGone = (): void => {
    for (const each of running.values()) each.exit(GONE);
    running.clear();
    gone.resolve();
  };
  child.once('error', onGone);
  child.once('close', onGone);

  return {
    spawn(command, stdoutPath, stderrPath) {
      const id = String(sequence++);
      const exited = Promise.withResolvers<number>();
      const listeners: ((line: string) => void)[] = [];
      running.set(id, { said: (line) => listeners.forEach((listener) => listener(line)), exit: exited.resolve });
      const streams = `3>&1 >${shellWord(stdoutPath)} 2>${shellWord(stderrPath)} </dev/null`;
      const body = command(`${id} `).replaceAll('\n', ' ');
      // An exit trap would not survive the exec in `body`; the outer subshell waits and tells.
      stdin.write(`( ( ${body} ) ${streams}; echo "${id} exit $?" ) 2>/dev/null\n`);
      if (child.exitCode !== null || child.signalCode !== null) onGone();
      void native.run(() => exited.promise);
      return { onSaid: (listener) => void listeners.push(listener), exitCode: exited.promise };
    },
    stop() {
      stdin.end();
      return gone.promise;
    },
  };
}
