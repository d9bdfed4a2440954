import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { CapabilityName } from '../cluster/cluster.ts';
import { CAPABILITY_NAMES } from '../cluster/cluster.ts';
import { QUIRKS, isQuirk } from '../../provider/quirks.ts';

/** Values of flags, checked where they are read: commander then names the flag and ends with usage. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return value;
}

export function capabilities(text: string): CapabilityName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(CAPABILITY_NAMES as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`There is no ${unknown.join(', ')}; there are ${CAPABILITY_NAMES.join(', ')}.`);
  return names as CapabilityName[];
}

export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

const backendOption = new Option('--backend <kind>', 'where jobs run')
  .choices(['embedded', 'kind', 'existing'])
  .default('embedded');
const storageOption = new Option('--storage <kind>', 'where results go')
  .choices(['embedded', 'minio', 'existing'])
  .default('embedded');
export const imageOption = new Option('--image <name=local>', 'a local stand-in for a container image (repeatable)')
  .argParser(several)
  .default([], 'none');
const mirrorOption = new Option('--mirror <url=dir>', 'local files that answer for an outside URL (repeatable)')
  .argParser(several)
  .default([], 'none');
const quirkOption = new Option('--quirk <name>', 'a way of the classic Provider that a client relies on (repeatable)')
  .argParser((name: string, before: readonly string[]) => {
    if (!isQuirk(name))
      throw new InvalidArgumentError(`There is no ${name}; there are ${Object.keys(QUIRKS).join(', ')}.`);
    return several(name, before);
  })
  .default([], 'none');
const contractsOption = new Option('--contracts <dir>', "a protocol developer's own Hardhat artifacts");
const reuseOption = new Option(
  '--reuse',
  'with --backend kind: take the cluster that was kept, or keep this one; `wavetank down` removes it',
);
export const kubeconfigOption = new Option(
  '--kubeconfig <file>',
  'with --backend existing: the cluster, by its current context; the file is never written',
);
const namespaceOption = new Option(
  '--namespace <name>',
  'with --backend existing: where jobs live; one that is there stays (absent: an own one)',
);
export const advertiseOption = new Option(
  '--advertise <address>',
  'with --backend existing: where pods of the cluster reach this machine',
);
const s3Option = new Option(
  '--s3 <url>',
  'with --storage existing: the S3; keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
);
const bucketOption = new Option(
  '--bucket <name>',
  'with --storage existing: a bucket that is there (absent: buckets are made, and removed)',
);
const s3RegionOption = new Option('--s3-region <name>', 'with --storage existing: its region, if not us-east-1');
const minioImageOption = new Option('--minio-image <name>', 'with --storage minio: its image; it is never pulled');
export const kindImageOption = new Option('--kind-image <name>', 'node image of the kind cluster');
const pullOption = new Option('--pull', 'with --backend kind: let the cluster pull images that it was not given');
const rpcOption = new Option('--rpc <url>', 'a chain that is there already, instead of one of our own');
const keyFileOption = new Option(
  '--key-file <file>',
  'with --rpc: private keys, one per line, or a phrase; the first pays',
);
const addressFileOption = new Option(
  '--address-file <file>',
  "where Ocean's address.json goes; with --rpc, where it is read from (absent: contracts are deployed)",
);
const launcherOption = new Option('--launcher <kind>', 'how pods of the embedded cluster run').choices([
  'util-linux',
  'none',
]);
export const stateOption = new Option('--state <dir>', 'where running testbeds keep their files').default('.wavetank');

/** What a testbed is made of, for every command that brings one up. */
export function withTestbedOptions(command: Command): Command {
  const options = [
    backendOption,
    storageOption,
    reuseOption,
    kindImageOption,
    minioImageOption,
    kubeconfigOption,
    namespaceOption,
    advertiseOption,
    s3Option,
    bucketOption,
    s3RegionOption,
    pullOption,
    imageOption,
    mirrorOption,
    contractsOption,
    rpcOption,
    addressFileOption,
    keyFileOption,
    quirkOption,
    launcherOption,
    stateOption,
  ];
  for (const option of options) command.addOption(option);
  return command;
}
