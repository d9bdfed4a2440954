import type { Consumer } from './consumer.ts';
import type { FilesHost } from './files-host.ts';
import type { Publisher } from './publisher.ts';

/** Somebody outside: an account on the chain and the URLs of the services. Everybody may publish and consume. */
export interface Actor extends Publisher, Consumer {
  readonly name: string;
  /** EIP-55 spelling. */
  readonly address: string;
  /** A test key. */
  readonly privateKey: string;
}

export interface Actors {
  readonly euLab: Actor;
  readonly usLab: Actor;
  readonly stranger: Actor;
}

/** Where the labs keep the files that their assets name. */
export interface LabServers {
  readonly euLab: FilesHost;
  readonly usLab: FilesHost;
}
