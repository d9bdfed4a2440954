import type { Checks } from '../../../harness/index.ts';
import type { HostileAttempt } from '../../../fixtures/algorithms/catalogue.ts';

/** Every attempt of the hostile algorithm, by what it aims at. */
const AIMS: readonly { readonly aim: string; readonly attempts: RegExp; readonly least: number }[] = [
  { aim: 'TCP outward', attempts: /^tcp$/, least: 1 },
  { aim: 'UDP outward', attempts: /^udp$/, least: 1 },
  { aim: 'DNS outward', attempts: /^dns$/, least: 2 },
  { aim: 'the metadata address', attempts: /^metadata-address$/, least: 2 },
  { aim: 'the Kubernetes API', attempts: /^kubernetes-api/, least: 2 },
  { aim: 'the S3', attempts: /^s3/, least: 2 },
  { aim: 'the Provider', attempts: /^provider/, least: 2 },
  { aim: 'the broker', attempts: /^broker/, least: 2 },
  { aim: 'the other services', attempts: /^(chain|metadata-cache|operator-service|files of)/, least: 2 },
  { aim: 'Unix sockets, in the file system and abstract', attempts: /^unix-socket$/, least: 3 },
  { aim: 'proxies that it is told of', attempts: /^proxy$/, least: 1 },
  { aim: 'inherited file descriptors', attempts: /^inherited-descriptors$/, least: 1 },
  { aim: 'secrets among its variables', attempts: /^environment-secrets$/, least: 1 },
  { aim: "other processes and the machine's", attempts: /^(host-processes|read-process|ptrace|kill)$/, least: 6 },
  { aim: 'files of the machine', attempts: /^(read-host-file|open-for-writing)$/, least: 6 },
  { aim: "other jobs' volumes", attempts: /^(read|write)-other-job$/, least: 4 },
  { aim: 'writing to inputs, documents and its own code', attempts: /^(append-to|chmod|rename|create-in)$/, least: 10 },
  {
    aim: 'becoming root',
    attempts: /^(runs-as|setuid|setgid|mount.*|remount-inputs-writable|chroot|raw-socket|command|device-node)$/,
    least: 6,
  },
  { aim: 'links to inputs', attempts: /^hard-link-to-input$/, least: 1 },
];

export function judgeAttempts(check: Checks, attempts: readonly HostileAttempt[]): void {
  const judged = new Set<HostileAttempt>();
  for (const { aim, attempts: pattern, least } of AIMS) {
    const made = attempts.filter(({ attempt }) => pattern.test(attempt));
    for (const one of made) judged.add(one);
    const possible = made.filter(({ outcome }) => outcome !== 'unavailable');
    if (made.length > 0 && possible.length === 0) check.skip(aim, reasonsOf(made));
    else check.that(`${aim}: it was tried`, possible.length >= least, possible.length);
    const breaches = possible.filter(({ outcome, breach }) => outcome === 'succeeded' && breach);
    check.equal(`${aim}: no attempt succeeded`, breaches.map(describe), []);
  }
  const others = attempts.filter((one) => !judged.has(one) && one.outcome === 'succeeded' && one.breach);
  check.equal('nothing else that breaks a promise succeeded', others.map(describe), []);
  check.figure('attempts of the hostile algorithm', countBy(attempts));
}

function describe({ attempt, target, detail }: HostileAttempt): string {
  return `${attempt} ${target}: ${detail}`;
}

function reasonsOf(attempts: readonly HostileAttempt[]): string {
  return [...new Set(attempts.map(({ code, detail }) => `${code} ${detail}`.trim()))].join('; ');
}

function countBy(attempts: readonly HostileAttempt[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of attempts) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
