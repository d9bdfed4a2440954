/** `npm run differ -- SUBJECT`: sends the same random requests to an embedded server and to a real one, and compares the answers. */
import { messageOf } from '../core/errors.ts';
import { EXIT, exitCodeOf } from '../harness/report/exit-code.ts';
import type { Differ } from './differ/differ.ts';
import { runOnCommandLine } from './differ/differ.ts';

/** Each is imported when it is asked for: the clients of one are of no use to another. */
const SUBJECTS: Readonly<Record<string, () => Promise<Differ>>> = {
  kubernetes: async () => (await import('./differ/kubernetes.ts')).kubernetesDiffer,
  s3: async () => (await import('./differ/s3.ts')).s3Differ,
};

const USAGE = `npm run differ -- SUBJECT [flags]     SUBJECT: ${Object.keys(SUBJECTS).join(', ')}
Sends the same random requests to an embedded server and to a real one, and compares the whole answers.
npm run differ -- SUBJECT --help     tells the flags
`;

const output = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

const [subject = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(SUBJECTS, subject) ? SUBJECTS[subject] : undefined;
if (load === undefined) {
  const isAsked = subject === '--help' || subject === '-h';
  (isAsked ? output.out : output.err)(USAGE);
  process.exitCode = isAsked ? EXIT.ok : EXIT.usage;
} else {
  const differ = await load();
  try {
    process.exitCode = await runOnCommandLine(differ, args, output);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    output.err(`differ: ${messageOf(error)}\n${process.exitCode === EXIT.usage ? differ.usage : ''}`);
  }
}
