/** `npm run differ -- SUBJECT`: sends the same random requests to an embedded server and to a real one, and compares the answers. */
import type { Differ } from './differ/differ.ts';

/** Each is imported when it is asked for: the clients of one are of no use to another. */
const SUBJECTS: Readonly<Record<string, () => Promise<Differ>>> = {
  kubernetes: async () => (await import('./differ/kubernetes.ts')).kubernetesDiffer,
  s3: async () => (await import('./differ/s3.ts')).s3Differ,
};

const USAGE = `npm run differ -- SUBJECT [flags]     SUBJECT: ${Object.keys(SUBJECTS).join(', ')}\n`;

const [subject = '', ...args] = process.argv.slice(2);
const load = Object.hasOwn(SUBJECTS, subject) ? SUBJECTS[subject] : undefined;
if (load === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const differ = await load();
  try {
    process.exitCode = await differ.run(args);
  } catch (error) {
    process.stderr.write(`differ: ${(error as Error).message}\n${differ.usage}`);
    process.exitCode = 2;
  }
}
