import { describe, expect, it } from 'vitest';

import { builtInSchemas } from './built-in-schemas.ts';
import type { PatchNode } from '../schema-face.ts';

/** Follows field names; `[]` goes to the elements of a list. */
function nodeAt(kind: { group: string; version: string; kind: string }, path: string): PatchNode | undefined {
  let node = builtInSchemas.patchRoot(kind);
  for (const step of path.split('.').filter((part) => part !== ''))
    node = step === '[]' ? node?.items() : node?.field(step);
  return node;
}

const POD = { group: '', version: 'v1', kind: 'Pod' };
const ACCOUNT = { group: '', version: 'v1', kind: 'ServiceAccount' };
const NODE = { group: '', version: 'v1', kind: 'Node' };

describe('patchRoot', () => {
  it.each([
    [POD, 'spec.containers', ['merge'], 'name'],
    [POD, 'spec.containers.[].env', ['merge'], 'name'],
    [POD, 'spec.containers.[].ports', ['merge'], 'containerPort'],
    [POD, 'spec.containers.[].volumeMounts', ['merge'], 'mountPath'],
    [POD, 'spec.containers.[].args', [], undefined],
    [POD, 'spec.volumes', ['merge', 'retainKeys'], 'name'],
    [POD, 'spec.tolerations', [], undefined],
    [POD, 'spec.imagePullSecrets', ['merge'], 'name'],
    [POD, 'spec.hostAliases', ['merge'], 'ip'],
    [POD, 'status.conditions', ['merge'], 'type'],
    [POD, 'metadata.finalizers', ['merge'], undefined],
    [POD, 'metadata.ownerReferences', ['merge'], 'uid'],
    [POD, 'metadata.labels', [], undefined],
    [ACCOUNT, 'secrets', ['merge'], 'name'],
    [NODE, 'spec.podCIDRs', ['merge'], undefined],
    [NODE, 'spec.taints', [], undefined],
  ] as const)('%o %s merges by %j, key %s', (kind, path, strategies, mergeKey) => {
    const node = nodeAt(kind, path);
    expect({ strategies: node?.strategies, mergeKey: node?.mergeKey }).toEqual({ strategies, mergeKey });
  });

  it('goes through maps to their values', () => {
    expect(nodeAt(POD, 'metadata.labels.anything')).toBeDefined();
  });

  it('ends where the schema ends', () => {
    expect(nodeAt(POD, 'spec.unknown')).toBeUndefined();
    expect(nodeAt(POD, 'spec.restartPolicy.below')).toBeUndefined();
    expect(builtInSchemas.patchRoot({ group: 'example.com', version: 'v1', kind: 'Widget' })).toBeUndefined();
  });
});
