import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import type { CapabilityName, ClusterCapabilities } from '../cluster/cluster.ts';
import type { CheckResult } from './events.ts';

/** A refusal as the Provider explains it. */
export interface Refusal {
  readonly status: number;
  readonly code?: string | undefined;
  readonly field?: string | undefined;
  readonly rule?: string | undefined;
  readonly message?: string | undefined;
}

/** What a call came to: either of two values, never an exception for an ordinary refusal. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export type ExpectedRefusal = Partial<Pick<Refusal, 'status' | 'code' | 'field' | 'rule'>>;

/**
 * The checks of one step. A failed check is recorded and the step goes on, so that one run shows all that is wrong;
 * methods that give back a value throw when there is none.
 */
export interface Checks {
  /** Holds when `condition` is true; `seen` goes into the report. */
  that(name: string, condition: boolean, seen?: unknown): void;
  equal<T>(name: string, actual: T, expected: T): void;
  /** The call was accepted; gives back what it answered, or ends the step. */
  accepted<T>(name: string, answer: Answer<T>): T;
  /** The call was refused, and for exactly this reason: a refusal for another cause fails the check. */
  refused(name: string, answer: Answer<unknown>, expected: ExpectedRefusal & Pick<Refusal, 'code'>): void;
  /** Two calls that differ in one input: one is refused for the reason given, the other accepted. */
  twins<T>(
    name: string,
    calls: {
      refused: () => Promise<Answer<unknown>>;
      because: ExpectedRefusal & Pick<Refusal, 'code'>;
      accepted: () => Promise<Answer<T>>;
    },
  ): Promise<T>;
  /** Runs `work` only where every capability is enforced; elsewhere the check is skipped, with the backend's own reason. */
  requires(capabilities: readonly CapabilityName[], name: string, work: () => Promise<void> | void): Promise<void>;
  skip(name: string, reason: string): void;
  /** A figure for the report: no check, but what a person wants to know. */
  figure(name: string, value: unknown): void;
}

export interface CheckSink {
  check(result: CheckResult): void;
  figure(name: string, value: unknown): void;
  readonly capabilities: ClusterCapabilities;
}

/** Ends a step whose next lines would be meaningless; the failed check says why. */
export class StepCannotGoOn extends Error {}

export function createChecks(sink: CheckSink): Checks {
  const record = (name: string, holds: boolean, facts: Omit<CheckResult, 'name' | 'outcome'>): void =>
    sink.check(holds ? { name, outcome: 'passed' } : { name, outcome: 'failed', ...printable(facts) });

  const checks: Checks = {
    that: (name, condition, seen) => record(name, condition, seen === undefined ? {} : { actual: seen }),
    equal: (name, actual, expected) => record(name, isDeepStrictEqual(actual, expected), { expected, actual }),
    accepted(name, answer) {
      record(name, answer.ok, answer.ok ? {} : { reason: 'refused', expected: 'accepted', actual: answer.refusal });
      if (!answer.ok) throw new StepCannotGoOn(`${name}: refused (${answer.refusal.code ?? answer.refusal.status})`);
      return answer.value;
    },
    refused(name, answer, expected) {
      if (answer.ok) return record(name, false, { reason: 'accepted', expected, actual: answer.value });
      const { refusal } = answer;
      const differs = (Object.keys(expected) as (keyof ExpectedRefusal)[]).some(
        (key) => refusal[key] !== expected[key],
      );
      record(name, !differs, { reason: 'refused for another reason', expected, actual: refusal });
    },
    async twins(name, { refused, because, accepted }) {
      checks.refused(`${name}: refused`, await refused(), because);
      return checks.accepted(`${name}: the twin is accepted`, await accepted());
    },
    async requires(names, name, work) {
      const missing = names.filter((capability) => sink.capabilities[capability].enforcement !== 'enforced');
      if (missing.length > 0) return checks.skip(name, whyNot(missing, sink.capabilities));
      try {
        await work();
      } catch (error) {
        if (error instanceof StepCannotGoOn) throw error;
        record(name, false, { reason: messageOf(error) });
      }
    },
    skip: (name, reason) => sink.check({ name, outcome: 'skipped', reason }),
    figure: (name, value) => sink.figure(name, printable(value)),
  };
  return checks;
}

/** As JSON can say it: amounts on the chain are bigint. */
function printable<T>(value: T): T {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
  return (text === undefined ? undefined : JSON.parse(text)) as T;
}

/** What is missing for the same reason is told with it once. */
function whyNot(missing: readonly CapabilityName[], capabilities: ClusterCapabilities): string {
  const names = new Map<string, CapabilityName[]>();
  for (const name of missing) {
    const { enforcement, evidence } = capabilities[name];
    const reason = `${enforcement} on this backend: ${evidence}`;
    names.set(reason, [...(names.get(reason) ?? []), name]);
  }
  return [...names].map(([reason, of]) => `${of.join(', ')} ${of.length === 1 ? 'is' : 'are'} ${reason}`).join('; ');
}
