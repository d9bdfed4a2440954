import { WavetankError } from '../../core/errors.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';

/** Flags of every command that starts a testbed, as commander gives them. */
export interface CommonFlags {
  readonly backend: 'embedded' | 'kind' | 'existing';
  readonly storage: 'embedded' | 'minio' | 'existing';
  readonly image: readonly string[];
  readonly mirror: readonly string[];
  readonly contracts?: string;
  readonly rpc?: string;
  /** With `rpc` it is read, else written. */
  readonly addressFile?: string;
  readonly keyFile?: string;
  readonly reuse?: boolean;
  readonly kindImage?: string;
  readonly pull?: boolean;
  readonly minioImage?: string;
  readonly launcher?: 'util-linux' | 'none';
  readonly state: string;
}

export function commonConfig({
  backend,
  storage,
  image,
  mirror,
  contracts,
  rpc,
  addressFile,
  keyFile,
  reuse,
  kindImage,
  pull,
  minioImage,
  launcher,
  state,
}: CommonFlags): TestbedConfig {
  return {
    backend,
    storage,
    images: [...image],
    mirrors: [...mirror],
    stateRoot: state,
    ...chainConfig({ rpc, addressFile, keyFile }),
    kind: {
      ...(reuse === undefined ? {} : { reuse }),
      ...(pull === undefined ? {} : { pull }),
      ...(kindImage === undefined ? {} : { nodeImage: kindImage }),
    },
    minio: minioImage === undefined ? {} : { image: minioImage },
    ...(contracts === undefined ? {} : { contractsDir: contracts }),
    ...(launcher === undefined ? {} : { launcher }),
  };
}

type ChainFlags = { readonly [Key in 'rpc' | 'addressFile' | 'keyFile']: string | undefined };

/** @throws WavetankError KEY_FILE_WITHOUT_RPC (usage) */
function chainConfig({ rpc, addressFile, keyFile }: ChainFlags): TestbedConfig {
  if (rpc !== undefined)
    return {
      rpc: {
        url: rpc,
        ...(addressFile === undefined ? {} : { addressFile }),
        ...(keyFile === undefined ? {} : { keyFile }),
      },
    };
  if (keyFile !== undefined)
    throw new WavetankError('KEY_FILE_WITHOUT_RPC', '--key-file is for a chain that is there already.', {
      category: 'usage',
      hint: 'Name it with --rpc URL.',
    });
  return addressFile === undefined ? {} : { addressFile };
}
