import type { Checks, LeakCanary, LeakDetector, LeakFinding, RunningTestbed } from '../../harness/index.ts';
import { createLeakDetector } from '../../harness/index.ts';
import { chainData } from './chain-data.ts';
import type { TheCase } from './the-case.ts';

/**
 * Looks through every way out: what lies in the buckets, what actors were answered, what the chain holds, what was logged,
 * what the report will show. Neither a row of the recordings nor a URL, token or key may be in any of it.
 */
export async function nothingLeaked(
  check: Checks,
  lab: TheCase,
  options: { readonly tokens: readonly LeakCanary[]; readonly exceptJobs: readonly string[] },
): Promise<void> {
  const { testbed, recordings, before } = lab;
  const secrets = [...secretsOf(testbed), ...options.tokens];
  const detector = createLeakDetector([...recordings.canaries, ...secrets]);
  check.figure('secrets looked for', { rows: recordings.canaries.length, 'URLs, tokens and keys': secrets.length });
  const stored = await storedItems(testbed, options.exceptJobs);
  const answers = testbed.observe.capturedAnswers().map(({ where, body }) => ({ where, bytes: body }));
  const written = [...testbed.observe.logLines(), ...testbed.observe.traceLines()];
  const ways = {
    'results, logs and records in the buckets': stored,
    'answers that actors got': answers,
    'the chain': await chainData(testbed.endpoints.rpcUrl, before.chainHeight),
    'logs of all parts, and the report': [{ where: 'logs and trace', bytes: Buffer.from(written.join('\n')) }],
  };
  for (const [way, items] of Object.entries(ways)) {
    check.that(
      `${way}: there was something to look through`,
      items.some(({ bytes }) => bytes.length > 0),
    );
    check.equal(`${way}: nothing secret`, await scanAll(detector, items), []);
  }
  const control = await detector.scan(Buffer.from(secrets.map(({ text }) => text).join(' ')), 'control');
  check.equal('control: each secret would be found', new Set(control.map(({ canary }) => canary)).size, secrets.length);
}

/** URLs that only Providers may know, and keys that only their owners may. */
function secretsOf({ endpoints, servers }: RunningTestbed): LeakCanary[] {
  const urls = [...servers.euLab.secrets(), ...servers.usLab.secrets()];
  return [
    ...urls.map((text, i) => ({ name: `URL ${i} of a lab`, text })),
    ...endpoints.accounts.map(({ name, privateKey }) => ({
      name: `key of ${name}`,
      text: privateKey.replace(/^0x/, ''),
    })),
    { name: 'key of the S3', text: endpoints.s3.secretKey },
  ].filter(({ text }) => text.length >= MINIMUM_SECRET);
}

const MINIMUM_SECRET = 12;

interface Item {
  readonly where: string;
  readonly bytes: Uint8Array;
}

async function storedItems({ observe }: RunningTestbed, exceptJobs: readonly string[]): Promise<Item[]> {
  const { results, adminLogs } = observe.bucketNames;
  const items: Item[] = [];
  for (const bucket of new Set([results, adminLogs])) {
    for (const { key } of await observe.objects(bucket)) {
      if (exceptJobs.some((jobId) => key.includes(jobId))) continue;
      items.push({ where: `${bucket}/${key}`, bytes: await observe.readObject(bucket, key) });
    }
  }
  return items;
}

async function scanAll(detector: LeakDetector, items: readonly Item[]): Promise<LeakFinding[]> {
  const found: LeakFinding[] = [];
  for (const { where, bytes } of items) found.push(...(await detector.scan(bytes, where)));
  return found;
}

/** Tokens and capabilities of the jobs that live now, from the cluster's Secrets. */
export async function tokensInCluster({ observe }: RunningTestbed): Promise<LeakCanary[]> {
  const secrets = await observe.list('/api/v1/secrets');
  return secrets.flatMap((secret, i) => {
    const data = Object.entries((secret['data'] ?? {}) as Record<string, string>);
    const texts = data
      .filter(([key]) => key !== 'jobId')
      .map(([, value]) => Buffer.from(value, 'base64').toString('utf8'));
    return texts.flatMap(tokensIn).map((text, j) => ({ name: `token ${j} of secret ${i}`, text }));
  });
}

/** A token is the whole value; in a job's stage the capabilities are fields. */
function tokensIn(text: string): string[] {
  const capabilities = [...text.matchAll(/"capability":"([^"]+)"/g)].map((match) => match[1] ?? '');
  const whole = text.startsWith('{') || text.includes(' ') || text.includes('\n') ? [] : [text];
  return [...capabilities, ...whole].filter((token) => token.length >= 20);
}
