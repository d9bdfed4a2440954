import type { RunningResource } from '../../core/resource.ts';

export interface CanaryHit {
  readonly listener: 'tcp' | 'udp' | 'dns' | 'unix' | 'abstract';
  /** First bytes of what arrived, as text. */
  readonly received: string;
}

/** Listeners on this machine that nothing may ever reach. Each counts what reaches it. */
export interface CanaryListeners extends RunningResource {
  /** `host:port`: where they listen, and the same under the address by which pods would name this machine. */
  readonly tcp: readonly string[];
  readonly udp: readonly string[];
  /** A name server: `host:port`. */
  readonly dns: readonly string[];
  /** Path of a Unix socket in a folder that everybody may enter. */
  readonly unixSocket: string;
  /** Abstract Unix socket as `@name`; undefined where the system has none or Node cannot listen there. */
  readonly abstractSocket: string | undefined;
  hits(): readonly CanaryHit[];
  /** Reaches each listener itself once and takes these hits away again: proof that they would have seen somebody. */
  prove(): Promise<readonly CanaryHit['listener'][]>;
}
