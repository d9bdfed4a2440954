import { describe, expect, it } from 'vitest';
import type { MachineSnapshot } from './machine.ts';
import { machineDifference } from './machine.ts';
import { withoutStock, withoutUncollected } from './snapshot.ts';

const empty: MachineSnapshot = {
  processes: [],
  mounts: [],
  cgroups: [],
  namespaces: [],
  ports: [],
  temporaryFolders: [],
};

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  const of = (entries: readonly string[]): MachineSnapshot => ({ ...empty, temporaryFolders: withoutStock(entries) });
  return machineDifference(of(before), of(after)).temporaryFolders.added;
}

describe('what a launcher keeps ready', () => {
  it('is no difference while there is no more of it', () => {
    expect(
      added(
        ['/t/ns/1', '/t/ns/2', '/t/fifo/f1'],
        ['/t/ns/8', '/t/ns/9', '/t/fifo/f17', '/t/fifo/f18', '/t/host/0', '/t/volumes/spare-7', '/t/spare-7.img'],
      ),
    ).toEqual([]);
  });

  it('is a difference when it grows', () => {
    expect(added(['/t/ns/1'], ['/t/ns/1', '/t/ns/2'])).toEqual(['/t/ns/*']);
    const pipes = Array.from({ length: 21 }, (_, i) => `/t/fifo/f${i}`);
    expect(added([], pipes)).toHaveLength(21);
    expect(added([], ['/t/pods/a'])).toEqual(['/t/pods/a']);
  });

  it('what has ended and waits to be collected is a difference when it grows', () => {
    const ended = (count: number): string[] => Array.from({ length: count }, () => 'sh (ended)');
    expect(withoutUncollected(['node', ...ended(20)])).toEqual(['node']);
    expect(withoutUncollected(['node', ...ended(21)])).toHaveLength(22);
  });

  it('two equal processes are two', () => {
    const one = { ...empty, processes: ['sleep'] };
    expect(machineDifference(one, { ...empty, processes: ['sleep', 'sleep'] }).processes.added).toEqual(['sleep']);
  });
});
