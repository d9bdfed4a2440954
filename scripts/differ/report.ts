/** A difference that no list has, as it was first seen. */
export interface Unlisted {
  readonly sequence: number;
  readonly step: number;
  readonly request: string;
  readonly answered: number;
  /** From `differencesOf`. */
  readonly differences: readonly string[];
  /** The line that shows it again. */
  readonly replay: string;
}

/** What one seed came to. */
export interface SeedReport {
  readonly seed: string;
  readonly requests: number;
  readonly seconds: number;
  /** Answers of the real server by their code. */
  readonly codes: Readonly<Record<string, number>>;
  /** How often each kind of request was sent. */
  readonly operations: Readonly<Record<string, number>>;
  /** How often each listed difference was met. */
  readonly listed: Readonly<Record<string, number>>;
  readonly unlisted: readonly Unlisted[];
  /** Sequences that were sent again because the real server had run out of time; the first try counts for nothing. */
  readonly repeated: number;
}

export interface DifferReport {
  readonly subject: string;
  /** What the real server says it is. */
  readonly against: string;
  readonly requestsPerSeed: number;
  readonly seeds: readonly SeedReport[];
  readonly outcome: 'no unlisted difference' | 'unlisted differences';
}

/** Counts while a seed runs. */
export class Tally {
  readonly #codes = new Map<string, number>();
  readonly #operations = new Map<string, number>();
  readonly #listed = new Map<string, number>();
  readonly #unlisted: Unlisted[] = [];
  #requests = 0;
  #repeated = 0;

  request(operation: string, code: number): void {
    this.#requests += 1;
    add(this.#codes, String(code));
    add(this.#operations, operation);
  }

  listed(ids: readonly string[]): void {
    for (const id of ids) add(this.#listed, id);
  }

  unlisted(found: Unlisted): void {
    this.#unlisted.push(found);
  }

  repeated(): void {
    this.#repeated += 1;
  }

  get requests(): number {
    return this.#requests;
  }

  report(seed: string, milliseconds: number): SeedReport {
    return {
      seed,
      requests: this.#requests,
      seconds: Math.round(milliseconds / 100) / 10,
      codes: sorted(this.#codes),
      operations: sorted(this.#operations),
      listed: sorted(this.#listed),
      unlisted: this.#unlisted.toSorted((a, b) => a.sequence - b.sequence || a.step - b.step),
      repeated: this.#repeated,
    };
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function differReport(
  subject: string,
  against: string,
  requestsPerSeed: number,
  seeds: readonly SeedReport[],
): DifferReport {
  const isClean = seeds.every(({ unlisted }) => unlisted.length === 0);
  const outcome = isClean ? 'no unlisted difference' : 'unlisted differences';
  return { subject, against, requestsPerSeed, seeds, outcome };
}

/** One unlisted difference for people. */
export function told({ sequence, step, request, answered, differences, replay }: Unlisted): string {
  const shown = differences.slice(0, MOST_LINES);
  const more = differences.length > shown.length ? `\n  … and ${differences.length - shown.length} more` : '';
  return `sequence ${sequence} step ${step}: ${request} (${answered})\n  ${shown.join('\n  ')}${more}\n  replay: ${replay}\n`;
}

const MOST_LINES = 8;

/** The end of a run for people. @param reasons of the listed differences by id */
export function summary(report: DifferReport, reasons: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [`${report.subject} against ${report.against}`];
  for (const seed of report.seeds) {
    const repeated =
      seed.repeated === 0 ? '' : `, ${seed.repeated} sequences sent again after a timeout of the real server`;
    lines.push(`seed ${seed.seed}: ${seed.requests} requests to each server in ${seed.seconds} s${repeated}`);
    lines.push(`  answers: ${counted(seed.codes)}`);
    lines.push(`  requests: ${counted(seed.operations)}`);
    lines.push(`  unlisted differences: ${seed.unlisted.length}`);
  }
  lines.push('listed differences, and how often they were met:');
  for (const [id, reason] of reasons) {
    const times = report.seeds.reduce((sum, { listed }) => sum + (listed[id] ?? 0), 0);
    lines.push(`  ${id} ×${times}: ${reason}`);
  }
  const total = report.seeds.reduce((sum, { requests }) => sum + requests, 0);
  lines.push(`${report.outcome} in ${total} requests`);
  return lines;
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ×${count}`)
    .join(', ');
}
