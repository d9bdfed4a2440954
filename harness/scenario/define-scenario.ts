import type { Clock } from '../../core/clock.ts';
import type { Actors } from '../actors/actor.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';
import type { RunningTestbed } from '../running-testbed.ts';
import type { Step } from './run-scenario.ts';

/** What the command line passes on. */
export interface ScenarioOptions {
  /** Real recordings in the `.ts` text format, as paths. */
  readonly recordings?: { readonly train: string; readonly heldOut: string };
}

/** All that a scenario gets. */
export interface Story {
  readonly testbed: RunningTestbed;
  readonly actors: Actors;
  readonly step: Step;
  /** Generated data follows from it. */
  readonly seed: number;
  readonly options: ScenarioOptions;
  readonly clock: Clock;
  /** Aborted on Ctrl-C and when the scenario's time is over. */
  readonly signal: AbortSignal;
}

export interface Scenario {
  /** The folder's name for those that come along. */
  readonly name: string;
  readonly title: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Whole run, start-up excluded. Default 120. */
  readonly timeoutSeconds?: number;
  /** Size of the compute environments, where the default of a gigabyte of each is not right for the story. */
  readonly environment?: TestbedConfig['environment'];
  run(story: Story): Promise<void>;
}

/** The default export of a scenario's file. */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
