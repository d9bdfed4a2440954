import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Reporter, TraceEvent } from '../scenario/events.ts';
import { junitXml } from './junit.ts';
import { ReportBuilder } from './report.ts';

/** `--report DIR`: trace.ndjson while the run lasts, report.json and junit.xml at its end. */
export function fileReporter(directory: string): Reporter {
  mkdirSync(directory, { recursive: true });
  const trace = createWriteStream(path.join(directory, 'trace.ndjson'));
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
