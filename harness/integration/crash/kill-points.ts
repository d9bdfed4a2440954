import type { Entropy } from '../../../core/entropy.ts';
import type { JobWrite, KillPoint } from './crashes.ts';

/** What a job passes, and the write that ends each. */
const PHASES: readonly { readonly name: string; readonly endsWith: RegExp }[] = [
  { name: 'starting', endsWith: /^POST workflows / },
  { name: 'accepted', endsWith: /^PATCH workflows\/status .*configuringVolumes/ },
  { name: 'configuring', endsWith: /^PATCH workflows\/status .*provisioned/ },
  { name: 'provisioned', endsWith: /^POST pods .*compute/ },
  { name: 'computing', endsWith: /^PATCH workflows\/status .*publishingResults/ },
  { name: 'publishing', endsWith: /^PATCH workflows\/status .*finished/ },
  { name: 'ending', endsWith: /^$/ },
];

export interface PhasedPoint extends KillPoint {
  readonly phase: string;
}

/** One point for every write that an undisturbed job caused, and one before the first write of each component. */
export function killPointsOf(writes: readonly JobWrite[]): PhasedPoint[] {
  let at = 0;
  const points: PhasedPoint[] = [];
  for (const write of writes) {
    const phase = PHASES[at]?.name ?? '';
    if (!points.some(({ component }) => component === write.component)) {
      points.push({ ...write, phase, moment: 'before' });
    }
    points.push({ ...write, phase, moment: 'after' });
    if (PHASES[at]?.endsWith.test(write.label)) at++;
  }
  return points;
}

/** Of every component in every phase that it writes in one; which one is drawn. */
export function sampleOf(points: readonly PhasedPoint[], entropy: Entropy): PhasedPoint[] {
  const groups = Map.groupBy(points, ({ component, phase }) => `${component} ${phase}`);
  return [...groups.values()].flatMap((group) => {
    const [draw = 0] = entropy.bytes(1);
    return group[draw % group.length] ?? [];
  });
}

/** As few jobs as these points need, when none kills a component twice: its second start would mend what its first had left. */
export function oneOfEachComponent(points: readonly PhasedPoint[]): PhasedPoint[][] {
  const ofComponents = [...Map.groupBy(points, ({ component }) => component).values()];
  const jobs = Math.max(...ofComponents.map(({ length }) => length));
  return Array.from({ length: jobs }, (_, job) => ofComponents.flatMap((some) => some[job] ?? []));
}
