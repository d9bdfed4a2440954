import type { TestbedConfig } from '../config/testbed-config.ts';

/** Flags of every command that starts a testbed, as commander gives them. */
export interface CommonFlags {
  readonly backend: 'embedded' | 'kind' | 'existing';
  readonly storage: 'embedded' | 'minio' | 'existing';
  readonly image: readonly string[];
  readonly mirror: readonly string[];
  readonly contracts?: string;
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
    minio: minioImage === undefined ? {} : { image: minioImage },
    ...(contracts === undefined ? {} : { contractsDir: contracts }),
    ...(launcher === undefined ? {} : { launcher }),
  };
}
