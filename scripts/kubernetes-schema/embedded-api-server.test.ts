import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../core/clock.ts';
import { seededEntropy } from '../../core/entropy.ts';
import type { RunningApiServer } from '../../harness/cluster/embedded/api-server.ts';
import { startApiServer } from '../../harness/cluster/embedded/api-server.ts';
import type { ApiClient } from './api-client.ts';
import { connectToApi } from './api-client.ts';
import type { KindEntry } from './discovery.ts';
import type { Json } from './schema-walk.ts';
import type { Vector } from './vectors.ts';
import { inNamespace, readVectors } from './vectors.ts';

const GENERATED = path.join(import.meta.dirname, '../../harness/cluster/embedded/schema/generated');

/** What the embedded server does otherwise, on purpose; docs/fidelity.md tells users. The test fails when one of these is no longer so. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  'clusterroles.rbac.authorization.k8s.io: rules': 'aggregated cluster roles are refused',
  'clusterroles.rbac.authorization.k8s.io: aggregation without selectors': 'aggregated cluster roles are refused',
  'customresourcedefinitions.apiextensions.k8s.io: widgets':
    'a definition has no stored versions before it is established',
  'nodes: minimal': 'new nodes are not tainted',
  'nodes: taints': 'new nodes are not tainted',
  'nodes: status': 'new nodes are not tainted',
  'persistentvolumes: host path': 'volumes are not protected by a finalizer',
  'persistentvolumes: bound to a claim': 'volumes are not protected by a finalizer',
  'persistentvolumes: of the host, deleted': 'volumes are not protected by a finalizer',
  'persistentvolumes: update: size': 'volumes are not protected by a finalizer',
  'persistentvolumes: update: reclaim policy': 'volumes are not protected by a finalizer',
  'rolebindings.rbac.authorization.k8s.io: without a reference':
    'an invalid binding is a 422, not a 500 of the authorizer',
  'rolebindings.rbac.authorization.k8s.io: reference to another kind':
    'an invalid binding is a 422, not a 500 of the authorizer',
  'serviceaccounts: update: labels that are bad': 'a cause is told once, however many layers find it',
};

/** Leaves out the listing of changed lines, which is in the words of the server's internal types. */
function withoutListings(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, child: unknown) => (typeof child === 'string' ? child.split('\n@@')[0] : child)),
  );
}

function answerOf({ code, answer }: Vector): Json {
  return withoutListings({ code, answer }) as Json;
}

const nameOf = ({ resource, name }: Vector): string => `${resource}: ${name}`;

describe('the embedded API server, sent what a real one was sent', () => {
  let server: RunningApiServer;
  let api: ApiClient;
  let folder: string;
  const answers = new Map<string, Json>();
  const recorded = new Map<string, Json>();

  beforeAll(async () => {
    const { kinds } = JSON.parse(await readFile(path.join(GENERATED, 'kinds.json'), 'utf8')) as { kinds: KindEntry[] };
    for (const file of await readdir(path.join(GENERATED, 'vectors'))) {
      const vectors = JSON.parse(await readFile(path.join(GENERATED, 'vectors', file), 'utf8')) as Vector[];
      for (const vector of vectors) recorded.set(nameOf(vector), answerOf(vector));
    }
    folder = await mkdtemp(path.join(tmpdir(), 'wavetank-vectors-'));
    server = await startApiServer({ clock: systemClock, entropy: seededEntropy('vectors') });
    await writeFile(path.join(folder, 'kubeconfig'), server.kubeconfig(), { mode: 0o600 });
    api = await connectToApi(path.join(folder, 'kubeconfig'));
    await inNamespace(api, async () => {
      for (const vector of await readVectors(api, kinds)) answers.set(nameOf(vector), answerOf(vector));
    });
  });

  afterAll(async () => {
    await api.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('was sent every case that is recorded', () => {
    expect([...answers.keys()]).toEqual(expect.arrayContaining([...recorded.keys()]));
    expect(recorded.size).toBeGreaterThan(500);
  });

  it('answers as the real one does, but for the known differences', () => {
    const same = (map: Map<string, Json>): Json =>
      Object.fromEntries([...map].filter(([name]) => KNOWN_DIFFERENCES[name] === undefined));
    expect(same(answers)).toEqual(same(recorded));
  });

  it.each(Object.entries(KNOWN_DIFFERENCES))('still differs in "%s": %s', (name) => {
    expect(answers.get(name)).toBeDefined();
    expect(answers.get(name)).not.toEqual(recorded.get(name));
  });
});
