import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import { seededEntropy } from '../../core/entropy.ts';
import { startApiServer } from '../../harness/cluster/embedded/api-server.ts';
import type { Differ } from './differ.ts';
import { COMMON_USAGE } from './flags.ts';
import { ApiConnection } from './kubernetes/api-connection.ts';
import { ACCEPTED_DIFFERENCES } from './kubernetes/differences.ts';
import { copyStorageClasses, ensureDefinition, removeDefinition, versionOf } from './kubernetes/namespace.ts';
import { runDiffer } from './kubernetes/run.ts';
import type { Servers } from './kubernetes/sequence.ts';
import type { SeedReport } from './report.ts';
import { differReport } from './report.ts';

const USAGE = `npm run differ -- kubernetes --kubeconfig FILE [flags]
The embedded API server against a real cluster.
  --kubeconfig  of a cluster to fill with objects of its own namespaces (default $WAVETANK_TEST_KUBECONFIG)
${COMMON_USAGE}`;

export const REQUESTS_PER_SEQUENCE = 125;

/** Starts an embedded API server beside a real one, prepared alike, for as long as `use` takes. */
export async function withBothApiServers<T>(
  kubeconfig: string,
  use: (servers: Servers, version: string) => Promise<T>,
): Promise<T> {
  const server = await startApiServer({ clock: systemClock, entropy: seededEntropy('differ') });
  const real = await ApiConnection.fromFile(kubeconfig);
  const embedded = new ApiConnection(server.kubeconfig());
  try {
    await Promise.all([real, embedded].map((api) => ensureDefinition(api, systemClock)));
    await copyStorageClasses(real, embedded);
    return await use({ real, embedded, clock: systemClock }, await versionOf(real));
  } finally {
    await removeDefinition(real);
    await Promise.all([real.close(), embedded.close()]);
    await server.stop();
  }
}

export const kubernetesDiffer: Differ<'kubeconfig'> = {
  usage: USAGE,
  ownFlags: ['kubeconfig'],
  reasons: new Map(ACCEPTED_DIFFERENCES.map(({ id, reason }) => [id, reason])),
  async run({ requests, seeds, sequence, steps, tellsAll }, own, tell) {
    // The one place that reads the variable for this script; the tests of real clusters use the same.
    const kubeconfig = own.kubeconfig ?? process.env['WAVETANK_TEST_KUBECONFIG'];
    if (kubeconfig === undefined)
      throw new WavetankError('KUBECONFIG_MISSING', 'a real cluster is needed: --kubeconfig FILE', {
        category: 'usage',
      });
    const count = Math.ceil(requests / REQUESTS_PER_SEQUENCE);
    const sequences = sequence === undefined ? Array.from({ length: count }, (_none, index) => index) : [sequence];
    return withBothApiServers(kubeconfig, async (servers, version) => {
      const reports: SeedReport[] = [];
      for (const seed of seeds) {
        const options = { seed, sequences, requestsPerSequence: REQUESTS_PER_SEQUENCE, steps, tellsAll };
        reports.push(await runDiffer(servers, options, tell));
      }
      return differReport('the embedded API server', `Kubernetes ${version}`, requests, reports);
    });
  },
};
