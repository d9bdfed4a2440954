import type { Option } from 'commander';

/**
 * npm's own too, and set in many a user's .npmrc, so that it proves nothing: `--verbose` arrives as the log level. Losing it
 * changes what is said, not what is done.
 */
const NOT_TO_BE_TOLD = new Set(['verbose']);

/**
 * npm keeps flags that come before `--` for itself: of `npm run scenario eu-us-lab --seed 3` only `eu-us-lab 3` arrives, and
 * the run would quietly use another seed. npm leaves what it kept in the environment; then the line that was meant is printed.
 * @returns the line, when npm kept some of it; undefined otherwise. `words` are the arguments that arrived.
 */
export function lineThatWasMeant(
  script: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  options: readonly Option[],
): string | undefined {
  // Only a script of npm's own can have lost flags; npx passes everything on.
  if (env['npm_lifecycle_event'] !== script) return undefined;
  const kept = options.flatMap((option) => {
    const name = option.long?.slice(2) ?? '';
    const value = env[`npm_config_${name.replaceAll('-', '_')}`];
    if (NOT_TO_BE_TOLD.has(name) || value === undefined || value === '' || value === 'false') return [];
    return [{ name, value, takesValue: option.required }];
  });
  if (kept.length === 0) return undefined;
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const [scenario, ...others] = firstFlag === -1 ? words : words.slice(0, firstFlag);
  const arrived = firstFlag === -1 ? [] : words.slice(firstFlag);
  // `--seed=3` leaves 3 with npm; `--seed 3` leaves "true" there and 3 among the words. Of several, nobody knows whose is which.
  const withoutValue = kept.filter(({ takesValue, value }) => takesValue && value === 'true');
  const missing = withoutValue.length === 1 && others.length === 1 ? others[0] : '…';
  const flags = kept.flatMap(({ name, value, takesValue }) =>
    takesValue ? [`--${name}`, value === 'true' ? missing : value] : [`--${name}`],
  );
  return ['npm run', script, ...(scenario === undefined ? [] : [scenario]), '--', ...arrived, ...flags].join(' ');
}
