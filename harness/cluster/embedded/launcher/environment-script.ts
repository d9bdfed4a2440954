import { shellWord } from './tools.ts';

type Environment = Readonly<Record<string, string>>;

/**
 * The program's environment comes in on descriptor 4 and is set last, after privileges are gone: a variable such as
 * LD_PRELOAD must not reach a tool that still has some. No value is ever an argument, which all users of the machine can read.
 */
export function execWithEnvironment(env: Environment): string {
  const read = 'wt_e=; while IFS= read -r wt_l <&4; do wt_e="$wt_e$wt_l\n"; done; exec 4<&-';
  return `${read}; unset PWD OLDPWD SHLVL PATH LC_ALL wt_l; eval "unset wt_e; $wt_e"; exec ${renamed(foreignNames(env))}"$@"`;
}

/** What the shell reads there. */
export function environmentFile(env: Environment): string {
  const foreign = foreignNames(env);
  return Object.entries(env)
    .map(([name, value]) => {
      const at = foreign.indexOf(name);
      return `export ${at < 0 ? name : standIn(at)}='${value.replaceAll("'", `'\\''`)}'\n`;
    })
    .join('');
}

/** Variables of the shells that serve as /bin/sh, and of ours: to set one may fail, or sets something else. */
const OF_THE_SHELL =
  /^(?:_|wt_.*|OPTIND|OPTARG|LINENO|PPID|E?UID|SHLVL|PIPESTATUS|GROUPS|BASH.*|SHELLOPTS|S?RANDOM|SECONDS|EPOCH.*|HISTCMD|DIRSTACK|FUNCNAME|COMP_.*)$/;

/** Names that a shell cannot set: Kubernetes allows all that is printable, but for `=`. */
function foreignNames(env: Environment): string[] {
  return Object.keys(env).filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || OF_THE_SHELL.test(name));
}

function standIn(index: number): string {
  return `wt_${index}`;
}

/** The shell sets stand-ins for foreign names, and `env` gives them their names: it takes a name as it is, and looks values up by itself. */
function renamed(foreign: readonly string[]): string {
  if (foreign.length === 0) return '';
  const unset = foreign.map((_name, index) => `-u ${standIn(index)} `).join('');
  const set = foreign.map((name, index) => ` '${name.replaceAll(/['\\]/g, '\\$&')}='\${${standIn(index)}}`).join('');
  return `/usr/bin/env ${unset}-S ${shellWord(`--${set}`)} `;
}
