import { accessSync, constants, createWriteStream, writeFileSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { WavetankError, messageOf } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import type { Reporter, TraceEvent } from '../scenario/events.ts';
import { junitXml } from './junit.ts';
import { ReportBuilder } from './report.ts';

/**
 * `--report DIR`: trace.ndjson while the run lasts, report.json and junit.xml at its end.
 * @throws WavetankError REPORT_UNWRITABLE (usage)
 */
export function fileReporter(directory: string): Reporter {
  makeWritable(directory);
  const trace = createWriteStream(path.join(directory, 'trace.ndjson'));
  // Told at the end, where whoever runs the reporters waits for it: a run is not given up for its trace.
  trace.on('error', () => undefined);
  const builder = new ReportBuilder();
  return {
    onEvent(event: TraceEvent) {
      trace.write(`${JSON.stringify(event)}\n`);
      builder.onEvent(event);
    },
    async close() {
      trace.end();
      await finished(trace);
      const report = builder.build();
      writeFileSync(path.join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
      writeFileSync(path.join(directory, 'junit.xml'), junitXml(report));
    },
  };
}

function makeWritable(directory: string): void {
  try {
    makeFolder(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new WavetankError('REPORT_UNWRITABLE', `No report can be written to ${directory}: ${messageOf(error)}`, {
      category: 'usage',
      hint: '--report names a folder; one that is not there is made.',
    });
  }
}
