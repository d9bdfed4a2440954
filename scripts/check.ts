/** `npm run check`: types, type-aware lint with import boundaries, formatting; all at once, every failure shown. */
import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);

const CHECKS = [
  { name: 'types', command: [bin('tsc')] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--quiet'] },
  { name: 'boundaries and house rules', command: [bin('vitest'), 'run', 'tidy.test.ts', '--reporter=dot'] },
  { name: 'format', command: [bin('oxfmt'), '--check', '.'] },
] as const;

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly ms: number;
}

function run(check: (typeof CHECKS)[number]): Promise<Outcome> {
  const startedAt = performance.now();
  const [command, ...args] = check.command;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ name: check.name, ok: code === 0, output, ms: performance.now() - startedAt }),
    );
  });
}

const outcomes = await Promise.all(CHECKS.map(run));
for (const { name, ok, output, ms } of outcomes) {
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name} (${(ms / 1000).toFixed(1)} s)\n`);
  if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
}
process.exitCode = outcomes.every((outcome) => outcome.ok) ? 0 : 1;
