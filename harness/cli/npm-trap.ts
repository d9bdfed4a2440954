/**
 * npm keeps flags that come before `--` for itself: of `npm run scenario eu-us-lab --seed 3` only `eu-us-lab 3` arrives, and
 * the run would quietly use another seed. npm leaves what it kept in the environment; then the line that was meant is printed.
 */
const FLAGS: readonly { readonly name: string; readonly takesValue: boolean }[] = [
  { name: 'backend', takesValue: true },
  { name: 'storage', takesValue: true },
  { name: 'seed', takesValue: true },
  { name: 'report', takesValue: true },
  { name: 'timeout', takesValue: true },
  { name: 'require', takesValue: true },
  { name: 'recordings', takesValue: true },
  { name: 'held-out', takesValue: true },
  { name: 'image', takesValue: true },
  { name: 'mirror', takesValue: true },
  { name: 'contracts', takesValue: true },
  { name: 'kubeconfig', takesValue: true },
  { name: 'namespace', takesValue: true },
  { name: 'advertise', takesValue: true },
  { name: 's3', takesValue: true },
  { name: 'rpc', takesValue: true },
  { name: 'keep', takesValue: false },
  { name: 'list', takesValue: false },
  { name: 'reuse', takesValue: false },
  { name: 'verbose', takesValue: false },
];
// `--json` is npm's own flag too (`npm_config_json`), so it shows like the others.
const ALL = [...FLAGS, { name: 'json', takesValue: false }];

/** The line that was meant, when npm kept some of it; undefined otherwise. `words` are the arguments that arrived. */
export function lineThatWasMeant(script: string, words: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  // Only a script of npm's own can have lost flags; npx passes everything on.
  if (env['npm_lifecycle_event'] !== script) return undefined;
  const kept = ALL.flatMap((flag) => {
    const value = env[`npm_config_${flag.name.replaceAll('-', '_')}`];
    return value === undefined || value === '' || value === 'false' ? [] : [{ ...flag, value }];
  });
  if (kept.length === 0) return undefined;
  const values = [...words];
  const flags = kept.flatMap(({ name, takesValue, value }) => {
    if (!takesValue) return [`--${name}`];
    // `--seed=3` leaves 3 with npm; `--seed 3` leaves "true" there and 3 among the words.
    const given = value === 'true' ? values.pop() : value;
    return [`--${name}`, given ?? '…'];
  });
  return ['npm run', script, ...values.slice(0, 1), '--', ...values.slice(1), ...flags].join(' ');
}
