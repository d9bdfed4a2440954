import { Command, CommanderError, Option } from 'commander';
import { WavetankError } from '../../core/errors.ts';
import type { DoctorFlags } from './doctor-command.ts';
import type { DownFlags } from './down-command.ts';
import type { UpFlags } from './up-command.ts';
import { EXIT, exitCodeOf, runErrorOf } from '../report/exit-code.ts';
import {
  advertiseOption,
  capabilities,
  imageOption,
  kindImageOption,
  kubeconfigOption,
  seconds,
  stateOption,
  withTestbedOptions,
  wholeNumber,
} from './flags.ts';
import type { ManifestsPart } from './manifests-command.ts';
import { lineThatWasMeant } from './npm-trap.ts';
import { ownVersion } from './own-version.ts';
import type { ScenarioFlags } from './scenario-command.ts';
import type { Terminal } from './terminal.ts';
import { reportError } from './terminal.ts';

/** Runs one command line and gives its exit code. Commands are loaded when they are asked for: `--help` needs no chain. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  try {
    requireFolder();
    const program = buildProgram(terminal, args, (code) => (exitCode = code));
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has said what it had to say: help and the version are no mistakes, everything else is wrong usage.
    if (!(error instanceof CommanderError)) {
      terminal.stdout.write(lineForScripts(args, error) ?? '');
      return reportError(error, terminal);
    }
    if (error.exitCode === 0) return EXIT.ok;
    terminal.stdout.write(lineForScripts(args, usageErrorOf(error)) ?? '');
    return EXIT.usage;
  }
}

/** Whatever is relative is relative to it: without one a command would stop half-way. */
function requireFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new WavetankError('FOLDER_GONE', 'The folder in which wavetank was started is not there any more.', {
      category: 'usage',
      hint: 'Change to one that is.',
      cause,
    });
  }
}

/** `--json` as far as it is ours: behind `--` stands another command's. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).includes('--json');
}

/** One line where there is no report, with the same fields that a report would have; none where nobody asked for `--json`. */
export function lineForScripts(args: readonly string[], error: unknown): string | undefined {
  if (!wantsJson(args)) return undefined;
  const exitCode = exitCodeOf(error);
  const outcome = exitCode === EXIT.interrupted ? 'interrupted' : 'failed';
  const facts = { version: 1, outcome, error: runErrorOf(error), exitCode };
  return `${JSON.stringify(facts)}\n`;
}

function usageErrorOf({ message }: CommanderError): WavetankError {
  return new WavetankError('USAGE', message.replace(/^error: /, '').split('\n')[0] ?? '', {
    category: 'usage',
    hint: '--help tells more.',
  });
}

type Finish = (code: number) => void;

function buildProgram(terminal: Terminal, args: readonly string[], finish: Finish): Command {
  const program = new Command('wavetank')
    .description('An ocean in a lab: a local simulation and testbed for Ocean Protocol Compute-to-Data.')
    .version(ownVersion(), '--version', 'print the version')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(--help tells more)')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride();
  addScenario(program, terminal, args, finish);
  addUp(program, terminal, finish);
  addDoctor(program, terminal, finish);
  addDown(program, terminal, finish);
  addManifests(program, terminal, finish);
  return program;
}

function addScenario(program: Command, terminal: Terminal, args: readonly string[], finish: Finish): void {
  const scenario = program
    .command('scenario')
    .description('bring up a testbed, tell a story in it with every step checked, take it down')
    .argument('[name-or-path]', 'a name of --list, or the path of a file of your own')
    .option('--list', 'names of the scenarios, with a line each')
    .option('--seed <n>', 'generated data follows from it', wholeNumber)
    .option('--report <dir>', 'write trace.ndjson, report.json and junit.xml there')
    .option('--json', 'the report as one line on stdout, progress on stderr')
    .option('--keep', 'leave the testbed up after the last step, until Ctrl-C')
    .option('--timeout <seconds>', 'for the whole story, start-up excluded', seconds)
    .option('--verbose', 'every check, and what the parts have to say')
    .option('--require <capability,…>', 'fail with 3 where one of them is not enforced', capabilities)
    .option('--recordings <train.ts>', 'real recordings to train on, with --held-out')
    .option('--held-out <test.ts>', 'real recordings to test on, with --recordings');
  withTestbedOptions(scenario)
    .allowExcessArguments()
    .addHelpText(
      'after',
      examples([
        'npm run scenario eu-us-lab',
        'npm run scenario -- ./my-bug.ts --seed 7 --report out',
        'npm run -s scenario -- eu-us-lab --json',
      ]),
    )
    .action(async (name: string | undefined, flags: ScenarioFlags, command: Command) => {
      refuseLostFlags(args, command, terminal);
      const { scenarioCommand } = await import('./scenario-command.ts');
      finish(await scenarioCommand(name, flags, terminal));
    });
}

function addUp(program: Command, terminal: Terminal, finish: Finish): void {
  const up = program
    .command('up')
    .description('the same testbed for clients of your own, until Ctrl-C or for as long as a command runs')
    .argument('[command...]', 'behind --: run it with the endpoints in its environment, and end with its exit code')
    .option('--json', 'the endpoints as one line on stdout when everything is ready')
    .option('--endpoints <file>', 'write endpoints.json there too')
    .option('--env-file <file>', 'write the variables that clients read, as NAME=value lines')
    .option('--providers <n>', 'so many Providers, each with keys and an operator of its own', wholeNumber)
    .option('--classic-ports', 'take the place of the classic docker network: its ports, addresses and files')
    .option('--ipfs-gateway <url>', 'where Providers read files of type ipfs; without it they refuse them')
    .option('--arweave-gateway <url>', 'where Providers read files of type arweave; without it they refuse them')
    .option('--block-time <seconds>', 'mine a block so often, instead of one for every transaction', seconds)
    .option('--verbose', 'what the parts have to say');
  withTestbedOptions(up)
    .passThroughOptions()
    .addHelpText(
      'after',
      examples([
        'npx wavetank up',
        'npx wavetank up -- npm test',
        'npx wavetank up --json --env-file .env',
        'npx wavetank up --classic-ports -- npm run test:integration',
      ]),
    )
    .action(async (words: string[], flags: UpFlags) => {
      const { upCommand } = await import('./up-command.ts');
      finish(await upCommand(words, flags, terminal));
    });
}

function addDoctor(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('doctor')
    .description('what this machine can do, measured now, and what is missing for the rest')
    .option('--json', 'as one line of JSON')
    .addOption(
      new Option('--backend <kind>', 'whose isolation is measured')
        .choices(['embedded', 'kind', 'existing'])
        .default('embedded'),
    )
    .addOption(kindImageOption)
    .addOption(kubeconfigOption)
    .addOption(advertiseOption)
    .addOption(imageOption)
    .addOption(stateOption)
    .addHelpText(
      'after',
      examples([
        'npx wavetank doctor',
        'npx wavetank doctor --backend kind',
        'npx wavetank doctor --backend existing --kubeconfig ~/.kube/lab',
      ]),
    )
    .action(async (flags: DoctorFlags) => {
      const { doctorCommand } = await import('./doctor-command.ts');
      finish(await doctorCommand(flags, terminal));
    });
}

function addDown(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('down')
    .description('end running testbeds, and remove what killed ones left')
    .option('--json', 'as one line of JSON')
    .option('--kubeconfig <file>', 'what testbeds left in this cluster too, whoever started them')
    .addOption(stateOption)
    .addHelpText('after', examples(['npx wavetank down', 'npx wavetank down --kubeconfig ~/.kube/lab']))
    .action(async (flags: DownFlags) => {
      const { downCommand } = await import('./down-command.ts');
      finish(await downCommand(flags, terminal));
    });
}

function addManifests(program: Command, terminal: Terminal, finish: Finish): void {
  program
    .command('manifests')
    .description("print what runs the operator in a cluster of one's own, for kubectl apply -f -")
    .argument('<settings.yaml>', "the cluster owner's choices: docs/operator.md")
    .addOption(
      new Option('--part <part>', 'the definitions go first, and alone')
        .choices(['definitions', 'operator', 'all'])
        .default('all'),
    )
    .addHelpText(
      'after',
      examples([
        'npx wavetank manifests operator.yaml --part definitions | kubectl apply -f -',
        'npx wavetank manifests operator.yaml --part operator | kubectl apply -f -',
      ]),
    )
    .action(async (file: string, flags: { part: ManifestsPart }) => {
      const { manifestsCommand } = await import('./manifests-command.ts');
      finish(await manifestsCommand(file, flags.part, terminal));
    });
}

/** @throws WavetankError FLAGS_LOST, ARGUMENTS_SURPLUS (usage) */
function refuseLostFlags(args: readonly string[], { args: words, options }: Command, { env }: Terminal): void {
  const meant = lineThatWasMeant('scenario', args.slice(1), env, options);
  if (meant !== undefined)
    throw new WavetankError('FLAGS_LOST', 'npm kept the flags for itself: they must stand behind a --.', {
      category: 'usage',
      hint: `Type:  ${meant}`,
    });
  if (words.length > 1)
    throw new WavetankError('ARGUMENTS_SURPLUS', `One scenario at a time; what is "${words.slice(1).join(' ')}"?`, {
      category: 'usage',
      hint: 'Flags stand behind a --, as in: npm run scenario -- eu-us-lab --seed 3',
    });
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
