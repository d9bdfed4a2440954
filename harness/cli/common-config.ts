import { WavetankError } from '../../core/errors.ts';
import type { Quirk } from '../../provider/quirks.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';

/** Flags of every command that starts a testbed, as commander gives them. */
export interface CommonFlags {
  readonly backend: 'embedded' | 'kind' | 'existing';
  readonly storage: 'embedded' | 'minio' | 'existing';
  readonly image: readonly string[];
  readonly mirror: readonly string[];
  readonly quirk?: readonly Quirk[];
  readonly contracts?: string;
  readonly rpc?: string;
  /** With `rpc` it is read, else written. */
  readonly addressFile?: string;
  readonly keyFile?: string;
  readonly reuse?: boolean;
  readonly kindImage?: string;
  readonly pull?: boolean;
  readonly minioImage?: string;
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly advertise?: string;
  readonly s3?: string;
  readonly bucket?: string;
  readonly s3Region?: string;
  readonly launcher?: 'util-linux' | 'none';
  readonly state: string;
}

export function commonConfig({
  backend,
  storage,
  image,
  mirror,
  quirk,
  contracts,
  rpc,
  addressFile,
  keyFile,
  reuse,
  kindImage,
  pull,
  minioImage,
  kubeconfig,
  namespace,
  advertise,
  s3,
  bucket,
  s3Region,
  launcher,
  state,
}: CommonFlags): TestbedConfig {
  return {
    backend,
    storage,
    images: [...image],
    mirrors: [...mirror],
    ...(quirk === undefined ? {} : { quirks: [...quirk] }),
    stateRoot: state,
    ...chainConfig({ rpc, addressFile, keyFile }),
    kind: {
      ...(reuse === undefined ? {} : { reuse }),
      ...(pull === undefined ? {} : { pull }),
      ...(kindImage === undefined ? {} : { nodeImage: kindImage }),
    },
    cluster: {
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(advertise === undefined ? {} : { advertise }),
    },
    ...s3Config({ s3, bucket, s3Region }),
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

type S3Flags = { readonly [Key in 's3' | 'bucket' | 's3Region']: string | undefined };

/** @throws WavetankError S3_FLAGS_WITHOUT_URL (usage) */
function s3Config({ s3, bucket, s3Region }: S3Flags): TestbedConfig {
  if (s3 !== undefined)
    return {
      s3: {
        url: s3,
        ...(bucket === undefined ? {} : { bucket }),
        ...(s3Region === undefined ? {} : { region: s3Region }),
      },
    };
  if (bucket === undefined && s3Region === undefined) return {};
  throw new WavetankError('S3_FLAGS_WITHOUT_URL', '--bucket and --s3-region are for an S3 that is there already.', {
    category: 'usage',
    hint: 'Name it with --storage existing --s3 URL.',
  });
}
