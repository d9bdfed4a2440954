import { writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { EXIT } from '../report/exit-code.ts';

// Before anything large is loaded: a warm start spares a third of a second. Not in the machine's temporary folder, where it
// would stay behind as something of ours.
enableCompileCache(path.join(import.meta.dirname, '../../node_modules/.cache/wavetank-compile'));
const [{ lineForScripts, runProgram }, { systemClock }, { WavetankError, messageOf }, { redact }] = await Promise.all([
  import('./program.ts'),
  import('../../core/clock.ts'),
  import('../../core/errors.ts'),
  import('../../core/redact.ts'),
]);

const interruption = new AbortController();
/** One Ctrl-C comes up to three times: from the terminal, from npm or npx, and from bin.mjs, which pass it on. */
const ONE_CTRL_C_MS = 1000;
const LAST_WORK_MS = 500;
let signals = 0;
let firstSignalAt = 0;
let isBroken = false;
let isOver = false;
const args = process.argv.slice(2);

function interrupt(reason = new WavetankError('INTERRUPTED', 'Interrupted.', { category: 'interrupted' })): void {
  const now = performance.now();
  if (signals > 0 && now - firstSignalAt < ONE_CTRL_C_MS) return;
  signals++;
  firstSignalAt = now;
  // The first asks for an orderly end, the second is meant.
  if (signals > 1) process.exit(isBroken ? EXIT.broken : EXIT.interrupted);
  interruption.abort(reason);
}

/** A mistake outside every try, ours or a scenario's: what runs is still taken down before the process ends. */
function breakDown(error: unknown): void {
  process.stderr.write(redact(`wavetank: ${messageOf(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`));
  isBroken = true;
  interrupt(new WavetankError('UNCAUGHT', `An error that nobody caught: ${messageOf(error)}`));
}

/** A scenario, or what it uses, may call process.exit: half a run is no success, whatever code it names. */
function refuseEarlyEnd(code: number): void {
  if (isOver) return;
  process.exitCode = isBroken || signals === 0 ? EXIT.broken : EXIT.interrupted;
  if (signals > 0) return;
  const error = new WavetankError('ENDED_EARLY', `process.exit(${code}) was called before the run was over.`);
  const hint = 'A scenario ends by returning. `wavetank down` removes what is left.';
  lastWords(2, `wavetank: ${error.message} [${error.code}]\n  ${hint}\n`);
  lastWords(1, lineForScripts(args, error) ?? '');
}

function lastWords(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    // Nobody reads them any more.
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt());
process.on('exit', refuseEarlyEnd);
process.on('uncaughtException', breakDown);
process.on('unhandledRejection', breakDown);
// Whoever reads our output went away, as `| head` does: that is a Ctrl-C too.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => signals === 0 && interrupt());
// Experimental parts of Node that are used with open eyes; other warnings stay.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

// Timers of the clock keep no process alive, and a command may have nothing else to wait for: this listener does.
const staysAlive = new MessageChannel();
staysAlive.port1.on('message', () => undefined);

const exitCode = await runProgram(args, {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupted: interruption.signal,
});
await Promise.all([process.stdout, process.stderr].map(written));
isOver = true;
process.exitCode = isBroken ? EXIT.broken : exitCode;
staysAlive.port1.close();
// Now it ends by itself: `process.exit` hangs for ever when V8 happens to compile meanwhile (docs/adr/0083). Work that was given up half-way may
// still hold it; everything that must end has ended.
systemClock.after(LAST_WORK_MS, () => process.exit());

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
