import type { OceanSettings } from './ocean-settings.ts';

/** A configuration with nothing left open. */
export interface ResolvedTestbedConfig extends OceanSettings {
  /** Absolute. */
  readonly stateRoot: string;
  readonly instance: string;
  readonly backend: 'embedded' | 'kind' | 'existing';
  readonly storage: 'embedded' | 'minio' | 'existing';
  readonly minio: { readonly image: string };
  readonly s3?: { readonly url: string; readonly bucket?: string | undefined; readonly region: string } | undefined;
  readonly chainId: number;
  readonly images: readonly string[];
  readonly mirrors: readonly { readonly prefix: string; readonly dir: string }[];
  readonly launcher?: 'util-linux' | 'none' | undefined;
  readonly kind: {
    readonly nodeImage: string;
    readonly proxyMode: 'iptables' | 'nftables';
    readonly baseImage: string;
    readonly reuse: boolean;
    readonly pull: boolean;
  };
  /** Of the existing backend. */
  readonly cluster: {
    readonly kubeconfig?: string | undefined;
    readonly namespace?: string | undefined;
    readonly advertise?: string | undefined;
  };
  readonly rpc?:
    | { readonly url: string; readonly addressFile?: string | undefined; readonly keyFile?: string | undefined }
    | undefined;
  readonly contractsDir?: string | undefined;
  readonly addressFile?: string | undefined;
  readonly environment: {
    readonly ramGb: number;
    readonly diskGb: number;
    readonly logCapBytes: number;
    readonly terminationGraceSeconds: number;
  };
  readonly retentionSeconds: number;
  readonly blockTimeSeconds?: number | undefined;
}
