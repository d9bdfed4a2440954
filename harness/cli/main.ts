import { enableCompileCache } from 'node:module';
import { EXIT } from './exit-code.ts';

// Before anything large is loaded: a warm start spares a third of a second.
enableCompileCache();
const { runProgram } = await import('./program.ts');

const interruption = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals++;
    // The first asks for an orderly end, the second is meant.
    if (signals > 1) process.exit(EXIT.interrupted);
    const { WavetankError } = errors;
    interruption.abort(new WavetankError('INTERRUPTED', 'Interrupted.', { category: 'interrupted' }));
  });
}
const errors = await import('../../core/errors.ts');

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupted: interruption.signal,
});
