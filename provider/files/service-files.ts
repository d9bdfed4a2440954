import { z } from 'zod';
import { sameAddress } from '../../core/protocol/address.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { FileObject } from './file-object.ts';
import { parseFileObject } from './file-object.ts';

const filesSchema = z.looseObject({
  datatokenAddress: z.string(),
  nftAddress: z.string(),
  files: z.array(z.unknown()).min(1).max(1000),
});

/**
 * The files behind a service. They are always bound to their asset: the classic exception for version 4.0.0 let anybody
 * publish somebody else's encrypted files again (T9).
 */
export async function decryptFiles({ asset, service }: AssetService): Promise<Checked<readonly FileObject[]>> {
  let plain: unknown;
  try {
    plain = JSON.parse(await asset.chain.openFiles(service.files));
  } catch {
    // Neither the key library's reason nor a JSON error may leave: both can hold parts of the plain text.
    return refuse(
      filesReason('FILES_UNDECRYPTABLE', 'files.key', "The service's files cannot be decrypted by this Provider."),
    );
  }
  const parsed = filesSchema.safeParse(plain);
  if (!parsed.success) {
    return refuse(
      filesReason(
        'FILE_OBJECT_INVALID',
        'files.object',
        'The decrypted files lack datatokenAddress, nftAddress or files.',
      ),
    );
  }
  const { datatokenAddress, nftAddress, files } = parsed.data;
  if (!sameAddress(datatokenAddress, service.datatokenAddress) || !sameAddress(nftAddress, asset.nft)) {
    return refuse(
      filesReason('FILES_NOT_BOUND', 'files.binding', 'The encrypted files belong to another data NFT or datatoken.'),
    );
  }
  const objects: FileObject[] = [];
  for (const file of files) {
    const object = parseFileObject(file);
    if (!object.ok) return object;
    objects.push(object.value);
  }
  return passed(objects);
}

function filesReason(code: Reason['code'], rule: string, message: string): Reason {
  return { code, field: 'serviceId', rule, message, classic: 'Unable to get dataset files' };
}
