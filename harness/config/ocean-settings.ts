import { z } from 'zod';
import type { Quirk } from '../../provider/quirks.ts';
import { QUIRKS } from '../../provider/quirks.ts';

const port = z.int().min(1).max(65_535);
const gateway = z.url({ protocol: /^https?$/ });

/** Who is there, where they listen, and how they answer. */
export const oceanSettings = {
  /** How many Providers, each with keys, an operator and environments of its own. */
  providers: z.int().min(1).max(8).default(1),
  /** Ports on 127.0.0.1. Default: free ones. */
  ports: z
    .strictObject({
      chain: port.optional(),
      metadataCache: port.optional(),
      /** Of the first Provider; the others count up from there. */
      provider: port.optional(),
      operatorService: port.optional(),
    })
    .default({}),
  /** Origins by origin: what our own services ask of the first goes to the second. */
  aliases: z.record(z.url(), z.url()).default({}),
  /** Where Providers read files of type ipfs and arweave. Default: such files are refused. */
  gateways: z.strictObject({ ipfs: gateway.optional(), arweave: gateway.optional() }).default({}),
  /** Ways of the classic Provider that clients rely on. */
  quirks: z.array(z.enum(Object.keys(QUIRKS) as [Quirk, ...Quirk[]])).default([]),
};

/** They follow from what users say and are completed where the rest is. */
export interface OceanSettings {
  readonly providers: number;
  readonly ports: {
    readonly chain?: number | undefined;
    readonly metadataCache?: number | undefined;
    readonly provider?: number | undefined;
    readonly operatorService?: number | undefined;
  };
  readonly aliases: Readonly<Record<string, string>>;
  readonly gateways: { readonly ipfs?: string | undefined; readonly arweave?: string | undefined };
  readonly quirks: readonly Quirk[];
}
