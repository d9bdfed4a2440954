import { readFile } from 'node:fs/promises';
import type { FileContent, LeakCanary, Story } from '../../harness/index.ts';
import { isWavetankError, WavetankError } from '../../harness/index.ts';
import { canariesOf } from '../../fixtures/datasets/canaries.ts';
import { generateRecordings } from '../../fixtures/datasets/generate.ts';
import type { Recordings as RecordingsFile } from '../../fixtures/datasets/ts-format.ts';
import { parseRecordings } from '../../fixtures/datasets/ts-format.ts';

/** What the EU lab owns, and what may be promised about a classifier trained on it. */
export interface Recordings {
  /** Where they come from, for the report. */
  readonly source: string;
  readonly trainTs: string;
  readonly heldOutTs: string;
  readonly participantsTsv: string;
  /** As the lab's web server serves them, in the order of the files object. */
  readonly files: readonly { readonly name: string; readonly content: FileContent }[];
  readonly canaries: readonly LeakCanary[];
  readonly promise: QualityPromise;
}

export interface QualityPromise {
  /** The larger class among the held-out trials: what guessing reaches. */
  readonly baseline: number;
  /** Accuracy on the held-out trials that must be reached; undefined: better than guessing will do. */
  readonly atLeast?: number;
  /** Of the BCI competition in which these recordings were set. */
  readonly competitionBest?: number;
}

/** Known recordings by the name in their header, with what the US lab's algorithm must reach on them. */
const KNOWN_PROBLEMS: Readonly<Record<string, Pick<QualityPromise, 'atLeast' | 'competitionBest'>>> = {
  // BCI competition II, data set Ia: its best entry made 11.3 % errors on the 293 held-out trials.
  selfregulationscp1: { atLeast: 0.82, competitionBest: 0.887 },
};

const CANARIES_PER_FILE = 1500;

export async function prepareRecordings({ seed, options }: Story): Promise<Recordings> {
  return options.recordings ? readRecordings(options.recordings, seed) : generated(seed);
}

function generated(seed: number): Recordings {
  const { trainTs, heldOutTs, participantsTsv, canaries, promised } = generateRecordings({ seed });
  return {
    source: `generated from seed ${seed}`,
    trainTs,
    heldOutTs,
    participantsTsv,
    files: filesOf(trainTs, heldOutTs, participantsTsv),
    canaries,
    promise: { baseline: promised.largerClassBaseline, atLeast: promised.minimumAccuracy },
  };
}

/** Real recordings; their people are nobody's business, so the table of participants is a generated one. */
async function readRecordings(paths: { train: string; heldOut: string }, seed: number): Promise<Recordings> {
  const [trainTs, heldOutTs] = await Promise.all([readFile(paths.train, 'utf8'), readFile(paths.heldOut, 'utf8')]);
  const table = generateRecordings({ seed, trainTrials: 2, heldOutTrials: 2, channels: 1, samples: 8 });
  parseFile(paths.train, trainTs);
  const heldOut = parseFile(paths.heldOut, heldOutTs);
  const counts = heldOut.header.classes.map((name) => heldOut.trials.filter(({ label }) => label === name).length);
  return {
    source: `${paths.train} and ${paths.heldOut}`,
    trainTs,
    heldOutTs,
    participantsTsv: table.participantsTsv,
    files: filesOf({ path: paths.train }, { path: paths.heldOut }, table.participantsTsv),
    canaries: [
      ...table.canaries.filter(({ name }) => name.startsWith('participant ')),
      ...canariesOf(trainTs, { prefix: 'training ', maximum: CANARIES_PER_FILE }),
      ...canariesOf(heldOutTs, { prefix: 'held-out ', maximum: CANARIES_PER_FILE }),
    ],
    promise: {
      baseline: Math.max(...counts) / heldOut.trials.length,
      ...KNOWN_PROBLEMS[heldOut.header.problemName.toLowerCase()],
    },
  };
}

/** @throws INVALID_RECORDINGS (usage) naming the file and the line, before anything is published */
function parseFile(path: string, text: string): RecordingsFile {
  try {
    return parseRecordings(text);
  } catch (error) {
    if (!isWavetankError(error, 'INVALID_RECORDINGS')) throw error;
    const { hint } = error;
    throw new WavetankError('INVALID_RECORDINGS', `${path}, ${error.message}`, {
      category: 'usage',
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function filesOf(train: FileContent, heldOut: FileContent, participants: string): Recordings['files'] {
  return [
    { name: 'training.ts', content: train },
    { name: 'held-out.ts', content: heldOut },
    { name: 'participants.tsv', content: participants },
  ];
}
