import type { AssetService } from '../asset/asset.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';

/** Templates whose orders this Provider understands: plain and enterprise. */
const SERVED_TEMPLATES: ReadonlySet<number | undefined> = new Set([1, 2]);

/**
 * Whether a service's datatoken is its asset's own, and of a kind whose orders mean what this Provider takes them for.
 * Template 3 sells predictions, and template 4 keeps files and gives them out on chain.
 */
export async function checkDatatoken({ asset, service }: AssetService, field: string): Promise<AccessDecision> {
  const { reader } = asset.chain;
  const [isOwn, template] = await Promise.all([
    reader.isDatatokenOfNft(asset.nft, service.datatokenAddress),
    reader.datatokenTemplate(service.datatokenAddress),
  ]);
  if (!isOwn) {
    return denied({
      code: 'ORDER_DATATOKEN_FOREIGN',
      field,
      rule: 'order.datatoken',
      message: 'The datatoken does not belong to the data NFT.',
      classic: 'order_invalid',
    });
  }
  if (SERVED_TEMPLATES.has(template)) return ALLOWED;
  const message = `The datatoken is of template ${template ?? 'unknown'}; templates 1 and 2 are served.`;
  return denied({
    code: 'DATATOKEN_TEMPLATE_UNSUPPORTED',
    field,
    rule: 'datatoken.template',
    message,
    classic: message,
  });
}
