import { parseArgs } from 'node:util';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import { seededEntropy } from '../../core/entropy.ts';
import { startApiServer } from '../../harness/cluster/embedded/api-server.ts';
import type { Differ } from './differ.ts';
import { ApiConnection } from './kubernetes/api-connection.ts';
import { copyStorageClasses, ensureDefinition, removeDefinition } from './kubernetes/namespace.ts';
import type { RunOptions } from './kubernetes/run.ts';
import { runDiffer } from './kubernetes/run.ts';

const USAGE = `npm run differ -- kubernetes --kubeconfig FILE [--requests N] [--seed TEXT] [--sequence K [--steps I,J,…]]
  --kubeconfig  of a cluster to fill with objects of its own namespaces (default $WAVETANK_TEST_KUBECONFIG)
  --requests    how many requests are sent to each server (default 10000)
  --seed        other seeds are other requests (default 1)
  --sequence    replays one sequence of a seed, --steps only these steps of it
  --all         tells of every difference; without it of the first of each sequence, made small
`;

const REQUESTS_PER_SEQUENCE = 80;

/** @throws Error saying what is wrong with them */
function optionsOf(args: readonly string[]): RunOptions & { readonly kubeconfig: string } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      requests: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      sequence: { type: 'string' },
      steps: { type: 'string' },
      all: { type: 'boolean', default: false },
    },
  });
  // The one place that reads the variable for this script; the tests of real clusters use the same.
  const kubeconfig = values.kubeconfig ?? process.env['WAVETANK_TEST_KUBECONFIG'];
  if (kubeconfig === undefined)
    throw new WavetankError('KUBECONFIG_MISSING', 'a real cluster is needed: --kubeconfig FILE', { category: 'usage' });
  const requests = count('--requests', values.requests);
  return {
    kubeconfig,
    seed: values.seed,
    requestsPerSequence: REQUESTS_PER_SEQUENCE,
    sequences:
      values.sequence === undefined
        ? Array.from({ length: Math.ceil(requests / REQUESTS_PER_SEQUENCE) }, (_none, index) => index)
        : [count('--sequence', values.sequence)],
    steps: values.steps?.split(',').map((text) => count('--steps', text)),
    tellsAll: values.all,
  };
}

function count(flag: string, text: string): number {
  if (!/^\d+$/.test(text))
    throw new WavetankError('FLAG_INVALID', `${flag} takes a whole number`, { category: 'usage' });
  return Number(text);
}

export const kubernetesDiffer: Differ = {
  usage: USAGE,
  async run(args) {
    const { kubeconfig, ...options } = optionsOf(args);
    const server = await startApiServer({ clock: systemClock, entropy: seededEntropy('differ') });
    const real = await ApiConnection.fromFile(kubeconfig);
    const embedded = new ApiConnection(server.kubeconfig());
    try {
      await Promise.all([real, embedded].map((api) => ensureDefinition(api, systemClock)));
      await copyStorageClasses(real, embedded);
      const { unlisted } = await runDiffer({ real, embedded, clock: systemClock }, options, (line) =>
        process.stdout.write(`${line}\n`),
      );
      return unlisted === 0 ? 0 : 1;
    } finally {
      await removeDefinition(real);
      await Promise.all([real.close(), embedded.close()]);
      await server.stop();
    }
  },
};
