import { beforeEach, expect, test } from 'vitest';
import type { ContainerOwner, ContainerRemover } from './container-engine.ts';
import { containerLabels, removeContainers } from './container-engine.ts';

/** A Docker engine, as far as listing by labels and removing goes. */
class Engine {
  readonly containers = new Map<string, Readonly<Record<string, string>>>();
  readonly container = {
    dockerode: {
      listContainers: async ({ filters }: { filters: { label: readonly string[] } }) =>
        [...this.containers]
          .filter(([, labels]) => filters.label.every((one) => labels[one.split('=')[0] ?? ''] === one.split('=')[1]))
          .map(([Id, Labels]) => ({ Id, Labels })),
      getContainer: (id: string) => ({ remove: async () => void this.containers.delete(id) }),
    },
  };

  remove(owner: ContainerOwner): Promise<number> {
    return removeContainers(this as unknown as ContainerRemover, owner);
  }
}

let engine: Engine;
beforeEach(() => {
  engine = new Engine();
  engine.containers
    .set('ours', containerLabels({ instance: 'ci', token: 'a' }))
    .set('theirs', containerLabels({ instance: 'ci', token: 'b' }))
    .set('of an older version', containerLabels({ instance: 'ci' }))
    .set('not of wavetank', {});
});

test('of two testbeds of one name each removes its own', async () => {
  expect(await engine.remove({ instance: 'ci', token: 'a' })).toBe(1);
  expect([...engine.containers.keys()]).toEqual(['theirs', 'of an older version', 'not of wavetank']);
});

test('an entry of an older version stands for what older versions made', async () => {
  expect(await engine.remove({ instance: 'ci' })).toBe(1);
  expect([...engine.containers.keys()]).toEqual(['ours', 'theirs', 'not of wavetank']);
});

test('an entry whose container was never made removes nothing', async () => {
  expect(await engine.remove({ instance: 'ci', token: 'c' })).toBe(0);
  expect(engine.containers.size).toBe(4);
});
