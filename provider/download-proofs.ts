import { messageOf } from '../core/errors.ts';
import { fromHex, toHex } from '../core/protocol/hashing.ts';
import type { Seams } from '../core/seams.ts';
import type { AssetService } from './asset/asset.ts';
import type { ProviderConfig } from './config.ts';
import { askUpstream } from './upstream.ts';

/** Where downloads are told of: posted to a server, or written on chain by the order's datatoken (`orderExecuted`). */
export type DownloadProofs = { readonly url: string } | 'chain';

/** One download that began, with what its consumer signed for it. */
export interface Download {
  readonly of: AssetService;
  readonly orderTx: string;
  readonly fileIndex: number;
  readonly consumer: string;
  /** The text that the consumer signed. */
  readonly message: string;
  /** undefined when an AuthToken stood for it: then there is nothing to prove with. */
  readonly signature: string | undefined;
}

export interface DownloadProofSender {
  /** Never waits and never fails: who downloads has nothing to do with who is told. */
  began(download: Download): void;
  /** Ends when every proof that was begun has been sent or given up. */
  settled(): Promise<void>;
}

/** More at once are dropped, and the log says so. */
const MOST_AT_ONCE = 64;
const MAX_ANSWER_BYTES = 64 * 1024;

export function createDownloadProofSender(config: ProviderConfig, seams: Seams): DownloadProofSender {
  const { downloadProofs: to, limits } = config;
  const underWay = new Set<Promise<void>>();
  // One key has one row of transactions: each waits for the one before.
  let last: Promise<void> = Promise.resolve();

  async function send(download: Download, signature: string): Promise<void> {
    const { asset, service } = download.of;
    const { signer, reader } = asset.chain;
    const providerData = JSON.stringify({
      documentId: asset.did,
      serviceId: service.id,
      fileIndex: download.fileIndex,
    });
    const providerSignature = await signer.signBytes(
      Buffer.concat([fromHex(download.orderTx), Buffer.from(providerData)]),
    );
    const proof = {
      orderTxId: download.orderTx,
      providerData,
      providerSignature,
      consumerData: download.message,
      consumerSignature: signature,
      consumerAddress: download.consumer,
    };
    if (to === 'chain') {
      await reader.recordDownload(service.datatokenAddress, proof, signer);
    } else if (to !== undefined) {
      const { status } = await askUpstream(seams, to.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(proof),
        timeoutMs: limits.upstreamTimeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
      });
      if (status >= 300) throw new Error(`It answered ${status}.`);
    }
  }

  return {
    began(download) {
      if (to === undefined || download.signature === undefined) return;
      const signature = withRecovery(download.signature);
      if (underWay.size >= MOST_AT_ONCE) {
        seams.log.warn('A proof of a download was dropped: too many are under way.', { did: download.of.asset.did });
        return;
      }
      const sent: Promise<void> = (to === 'chain' ? last : Promise.resolve())
        .then(() => send(download, signature))
        .catch((error: unknown) =>
          seams.log.warn('A proof of a download could not be sent.', {
            did: download.of.asset.did,
            orderTxId: download.orderTx,
            problem: messageOf(error),
          }),
        )
        .finally(() => underWay.delete(sent));
      last = sent;
      underWay.add(sent);
    },
    async settled() {
      await Promise.all(underWay);
    },
  };
}

/** As the contract recovers it: 0x, and 27 or 28 in the end; clients may leave the first out and count from 0. */
function withRecovery(signature: string): string {
  const bytes = fromHex(signature);
  const v = bytes[64];
  return toHex(v === 0 || v === 1 ? Buffer.concat([bytes.subarray(0, 64), Buffer.from([v + 27])]) : bytes);
}
