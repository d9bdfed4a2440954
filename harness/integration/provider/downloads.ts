import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import type { Party, ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange } from './provider-lab.ts';

/** A consumer that downloads as ocean.js does: quote, order, signed request. */
export function downloadsOf(lab: ProviderLab, party: Party = lab.buyer) {
  const consumer = consumerOf(lab, party);
  const quote = (asset: PublishedAsset, fields: Record<string, string> = {}) => {
    const query = { documentId: asset.did, serviceId: 'svc-1', consumerAddress: party.address, ...fields };
    return exchange(consumer.api(`initialize?${new URLSearchParams(query)}`));
  };
  return {
    quote,
    async order(asset: PublishedAsset): Promise<string> {
      const { body } = await quote(asset);
      return consumer.order(asset, (body as Record<string, unknown>)['providerFee'], party.address);
    },
    async download(
      asset: PublishedAsset,
      transferTxId: string,
      { fields = {}, headers = {} }: { fields?: Record<string, string>; headers?: Record<string, string> } = {},
    ): Promise<Response> {
      const nonce = await consumer.nextNonce();
      const query = {
        documentId: asset.did,
        serviceId: 'svc-1',
        transferTxId,
        fileIndex: '0',
        consumerAddress: party.address,
        nonce,
        signature: signMessage(signedMessages.download(asset.did, nonce), party.privateKey),
        ...fields,
      };
      return fetch(consumer.api(`download?${new URLSearchParams(query)}`), { headers });
    },
  };
}
