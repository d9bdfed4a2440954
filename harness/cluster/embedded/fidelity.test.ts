import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { apiVersionOf, ResourceTable } from './resource-table.ts';
import { builtInSchemas } from './schema/built-in-schemas.ts';

it('serves exactly the kinds and subresources that the fidelity page lists', () => {
  const page = readFileSync(new URL('../../../docs/fidelity-kubernetes.md', import.meta.url), 'utf8');
  const listed = page.split('\n').flatMap((line) => {
    const row = /^\| `((?:[a-z0-9.]+\/)?v1)` ([a-z, ]+?) \|([a-z, ]*)\|$/.exec(line);
    if (row === null) return [];
    const [, version = '', resources = '', subresources = ''] = row;
    const subs = subresources
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    return resources.split(', ').map((resource) => `${version} ${resource} [${subs.join(' ')}]`);
  });
  const served = new ResourceTable(builtInSchemas).all().map(
    (kind) =>
      `${apiVersionOf(kind)} ${kind.resource} [${kind.subresources
        .map(({ name }) => name)
        .toSorted()
        .join(' ')}]`,
  );
  expect(listed.toSorted()).toEqual(served.toSorted());
});
