import type { MachineFacts } from './machine-facts.ts';
import type { Measurement } from './measurement.ts';
import { summaryOf } from './measurement.ts';

export interface BenchmarkResult {
  readonly name: string;
  readonly title: string;
  readonly measurements: readonly Measurement[];
}

const HEADINGS = ['', 'median', 'min', 'max', 'n', 'budget'];

/** For people; numbers are right-aligned. */
export function tableOf(results: readonly BenchmarkResult[], facts: MachineFacts): string {
  const { cores, processor, memoryGib, kernel, node, load, date, commit } = facts;
  const lines = [
    `${cores} cores (${processor}), ${memoryGib} GiB, ${kernel}, Node ${node}, load ${load}, ${date}, commit ${commit}`,
  ];
  for (const { name, title, measurements } of results) {
    const rows = [HEADINGS, ...measurements.map(rowOf)];
    const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    lines.push('', `${name}: ${title}`);
    for (const row of rows) {
      const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
      lines.push(`  ${cells.join('  ')}`.trimEnd());
    }
  }
  return `${lines.join('\n')}\n`;
}

function rowOf({ name, unit, samples, budget }: Measurement): string[] {
  const { n, median, min, max } = summaryOf(samples);
  const isMissed = budget !== undefined && median > budget;
  const words = budget === undefined ? '' : `${written(budget)} ${isMissed ? 'missed' : 'kept'}`;
  return [`${name} (${unit})`, written(median), written(min), written(max), String(n), words];
}

function written(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
