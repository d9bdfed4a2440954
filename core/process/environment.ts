import { WavetankError } from '../errors.ts';

/** Variables of a process, checked as they are read; every problem is told at once. */
export class Environment {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #problems: string[] = [];

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
  }

  text(name: string, standard?: string): string {
    const value = this.#variables[name] || standard;
    if (value === undefined) this.#problems.push(`${name} is missing`);
    return value ?? '';
  }

  optional(name: string): string | undefined {
    return this.#variables[name] || undefined;
  }

  /** Whole and not negative. */
  number(name: string, standard: number): number {
    const value = this.#variables[name] || String(standard);
    if (!/^\d{1,15}$/.test(value)) this.#problems.push(`${name} must be a whole number`);
    return Number(value);
  }

  choice<T extends string>(name: string, choices: readonly T[], standard: T): T {
    const value = this.#variables[name] || standard;
    const found = choices.find((one) => one === value);
    if (found === undefined) this.#problems.push(`${name} must be one of ${choices.join(', ')}`);
    return found ?? standard;
  }

  /** JSON with a shape of its own; `parse` throws what is wrong with it. */
  json<T>(name: string, parse: (value: unknown) => T): T | undefined {
    try {
      return parse(JSON.parse(this.text(name)));
    } catch {
      if (this.#variables[name]) this.#problems.push(`${name} is not the JSON that is expected`);
      return undefined;
    }
  }

  /** Values stay out of the message: one of them may be a key. @throws WavetankError ENVIRONMENT_VARIABLES_INVALID (usage) */
  check(): void {
    if (this.#problems.length === 0) return;
    throw new WavetankError(
      'ENVIRONMENT_VARIABLES_INVALID',
      `The environment is not valid: ${this.#problems.join('; ')}.`,
      {
        category: 'usage',
        details: { problems: this.#problems },
      },
    );
  }
}
