import type { CheckResult } from '../scenario/events.ts';
import { INTERRUPTED } from '../scenario/events.ts';
import { EXIT } from './exit-code.ts';
import type { Report, StepReport } from './report.ts';

interface Case extends Omit<CheckResult, 'outcome'> {
  /** `error`: the run broke, and no check of the story tells. */
  readonly outcome: CheckResult['outcome'] | 'error';
}

interface Suite {
  readonly name: string;
  readonly ms: number;
  readonly cases: readonly Case[];
}

/** JUnit XML as CI servers read it: a suite per step, a case per check, and one for a run that did not come to its end. */
export function junitXml(report: Report): string {
  const suites = [...report.steps.map(suiteOf), ...endOf(report)];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escape(report.scenario)}" ${counts(suites.flatMap(({ cases }) => cases))} time="${seconds(report.ms)}">`,
    ...suites.flatMap((suite) => [
      `  <testsuite name="${escape(suite.name)}" ${counts(suite.cases)} time="${seconds(suite.ms)}">`,
      ...suite.cases.map((one) => testCase(`${report.scenario}.${suite.name}`, one)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteOf({ name, outcome, reason = '', checks, ms }: StepReport): Suite {
  // Neither a step that never came to a check nor one that was cut short may look like a whole one.
  if (checks.length === 0) return { name, ms, cases: [{ name, outcome, reason }] };
  const isCutShort = outcome === 'skipped' && reason === INTERRUPTED;
  return { name, ms, cases: isCutShort ? [...checks, { name: 'the rest of the step', outcome, reason }] : checks };
}

/** A run that the user ended is no failure; one whose time was over, or that broke, must not look green. */
function endOf({ error, exitCode }: Report): Suite[] {
  if (!error) return [];
  const outcome = exitCode === EXIT.interrupted ? 'skipped' : 'error';
  const reason = `${error.code}: ${error.message}`;
  return [{ name: 'the run', ms: 0, cases: [{ name: 'the run comes to its end', outcome, reason }] }];
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']): number => cases.filter((one) => one.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count('failed')}" errors="${count('error')}" skipped="${count('skipped')}"`;
}

function testCase(classname: string, { name, outcome, reason, expected, actual }: Case): string {
  const open = `    <testcase classname="${escape(classname)}" name="${escape(name)}"`;
  switch (outcome) {
    case 'passed':
      return `${open}/>`;
    case 'skipped':
      return `${open}><skipped message="${escape(reason ?? '')}"/></testcase>`;
    case 'error':
      return `${open}><error message="${escape(reason ?? '')}"/></testcase>`;
    case 'failed': {
      const facts = escape(JSON.stringify({ expected, actual }, null, 2));
      return `${open}><failure message="${escape(reason ?? 'the check does not hold')}">${facts}</failure></testcase>`;
    }
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** XML 1.0 takes no control characters but tab, line feed and carriage return, not even escaped. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
