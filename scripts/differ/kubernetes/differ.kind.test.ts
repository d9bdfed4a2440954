import { test } from 'vitest';
import { startSharedKind, whyNoKind } from '../../../harness/cluster/kind/testing/lab-kind.ts';
import { REQUESTS_PER_SEQUENCE, withBothApiServers } from '../kubernetes.ts';
import { runDiffer } from './run.ts';

const reason = whyNoKind();
const SEQUENCES = [0, 1, 2, 3, 4, 5];
const REQUESTS = SEQUENCES.length * REQUESTS_PER_SEQUENCE;

test(`${REQUESTS} random requests are answered alike by the embedded API server and by kind's, but for listed differences`, async ({
  expect,
  skip,
}) => {
  if (reason !== undefined) skip(reason);
  await using cluster = await startSharedKind();
  const told: string[] = [];
  const options = {
    seed: 'kind',
    sequences: SEQUENCES,
    requestsPerSequence: REQUESTS_PER_SEQUENCE,
    steps: undefined,
    tellsAll: false,
  };
  const { requests, unlisted } = await withBothApiServers(cluster.kubeconfigPath, (servers) =>
    runDiffer(servers, options, (line) => told.push(line)),
  );
  expect(unlisted, told.join('\n')).toEqual([]);
  expect(requests).toBe(REQUESTS);
});
