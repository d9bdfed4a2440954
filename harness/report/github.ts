import type { Reporter } from '../scenario/events.ts';
import { countChecks, ReportBuilder } from './report.ts';

export interface GithubOptions {
  readonly stream: NodeJS.WritableStream;
  /** Appends to the job's summary page. */
  readonly writeSummary: (markdown: string) => void;
}

/** Annotations for GitHub Actions: an error for every failed check, a notice for every skipped one, and a summary. */
export function githubReporter({ stream, writeSummary }: GithubOptions): Reporter {
  const builder = new ReportBuilder();
  return {
    onEvent(event) {
      builder.onEvent(event);
      if (event.type === 'run.ended' && event.error)
        stream.write(
          `::${event.outcome === 'interrupted' ? 'warning' : 'error'} title=${property(event.error.code)}::${data(event.error.message)}\n`,
        );
      if (event.type !== 'check' || event.check.outcome === 'passed') return;
      const level = event.check.outcome === 'failed' ? 'error' : 'notice';
      stream.write(
        `::${level} title=${property(event.step)}::${data(`${event.check.name}: ${event.check.reason ?? 'does not hold'}`)}\n`,
      );
    },
    async close() {
      const report = builder.build();
      const { passed, failed, skipped } = countChecks(report);
      const rows = report.steps.map(
        (step) => `| ${step.outcome} | ${step.name.replaceAll('|', '\\|')} | ${step.ms} ms |`,
      );
      writeSummary(
        [
          `### ${report.title}: ${report.outcome}`,
          '',
          `${passed} passed, ${failed} failed, ${skipped} skipped`,
          '',
          '| | step | |',
          '|---|---|---|',
          ...rows,
          '',
        ].join('\n'),
      );
    },
  };
}

/** A workflow command ends at the line's end, and its properties at `,` and `:`. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
