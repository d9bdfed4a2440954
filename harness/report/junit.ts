import type { CheckResult } from '../scenario/events.ts';
import type { Report, StepReport } from './report.ts';
import { countChecks } from './report.ts';

/** JUnit XML as CI servers read it: a suite per step, a case per check. */
export function junitXml(report: Report): string {
  const { passed, failed, skipped } = countChecks(report);
  const head = `<testsuites name="${escape(report.scenario)}" tests="${passed + failed + skipped}" failures="${failed}" skipped="${skipped}" time="${seconds(report.ms)}">`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    head,
    ...report.steps.map((step) => suite(report, step)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(report: Report, step: StepReport): string {
  const { passed, failed, skipped } = countChecks({ steps: [step] });
  const cases = step.checks.map((check) => testCase(report, step, check));
  // A step that never came to a check must not vanish from the file.
  if (cases.length === 0)
    cases.push(testCase(report, step, { name: step.name, outcome: step.outcome, reason: step.reason ?? '' }));
  return [
    `  <testsuite name="${escape(step.name)}" tests="${Math.max(1, passed + failed + skipped)}" failures="${failed}" skipped="${skipped}" time="${seconds(step.ms)}">`,
    ...cases,
    '  </testsuite>',
  ].join('\n');
}

function testCase(report: Report, step: StepReport, check: CheckResult): string {
  const open = `    <testcase classname="${escape(`${report.scenario}.${step.name}`)}" name="${escape(check.name)}"`;
  if (check.outcome === 'passed') return `${open}/>`;
  if (check.outcome === 'skipped') return `${open}><skipped message="${escape(check.reason ?? '')}"/></testcase>`;
  const facts = JSON.stringify({ expected: check.expected, actual: check.actual }, null, 2);
  return `${open}><failure message="${escape(check.reason ?? 'the check does not hold')}">${escape(facts)}</failure></testcase>`;
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
