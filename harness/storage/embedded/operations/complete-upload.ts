import { createHash } from 'node:crypto';
import type { Content } from '../blob-store.ts';
import { idsOf } from '../blob-store.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { CHECKSUM_ALGORITHMS, checksumElement, createDigester } from '../checksums.ts';
import { checkWrite } from '../conditions.ts';
import { combineCrcs } from '../crc-combine.ts';
import { S3Error } from '../errors.ts';
import type { StoredChecksum } from '../object-index.ts';
import type { Call, Operation } from '../operation.ts';
import type { Part, Upload } from '../upload-index.ts';
import { checksumXml, quoted } from '../wire-format.ts';
import type { XmlElement } from '../xml.ts';
import { parseXml, renderXml, S3_NAMESPACE } from '../xml.ts';
import { encodePath } from '../sigv4.ts';
import { existingUpload } from './multipart-upload.ts';

/** One part as the client lists it. */
interface ListedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

/** Makes the listed parts one object. Their files stay where they are: the object is the list of them. */
export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  level: 'object',
  selector: { query: 'uploadId' },
  action: 's3:PutObject',
  headers: [
    ...CHECKSUM_ALGORITHMS.map((name) => `x-amz-checksum-${name}`),
    'x-amz-checksum-type',
    'x-amz-mp-object-size',
    'if-none-match',
    'if-match',
  ],
  hasBody: true,
  async run(call) {
    existingUpload(call);
    const document = await parseXml(
      await call.body.document(call.limits.documentBytes, 'object'),
      'CompleteMultipartUpload',
    );
    const listed = document.allow('Part').all('Part').map(listedPart);
    checkOrder(listed, call.limits.mostParts);
    // From here on one tick: nobody can change the upload between the checks and the commit.
    const upload = existingUpload(call);
    const parts = listed.map((part) => matchingPart(call, upload, part));
    checkSizes(call, parts);
    const checksum = wholeChecksum(upload, parts);
    checkObjectChecksum(call, upload, checksum);
    const etag = `${createHash('md5')
      .update(Buffer.from(parts.map((part) => part.etag).join(''), 'hex'))
      .digest('hex')}-${parts.length}`;
    commit(call, upload, { etag, checksum, content: joined(parts) });
    const tree = {
      Location: `${call.origin}${encodePath(`/${call.bucket}/${call.key}`)}`,
      Bucket: call.bucket,
      Key: call.key,
      ETag: quoted(etag),
      ...checksumXml(checksum),
    };
    return { status: 200, xml: renderXml('CompleteMultipartUploadResult', tree, S3_NAMESPACE) };
  },
};

function commit(
  call: Call,
  upload: Upload,
  object: { etag: string; checksum: StoredChecksum | undefined; content: Content },
): void {
  const { storage, bucket, key } = call;
  const { headers, metadata } = upload.details;
  checkWrite(call.headers, storage.objects.object(bucket, key));
  const orphaned = storage.transaction(() => {
    const used = new Set(idsOf(object.content));
    const unused = storage.uploads.delete(upload.id).filter((id) => !used.has(id));
    const attributes = { headers, metadata };
    return [...unused, ...storage.objects.put(bucket, { key, ...object, attributes, modifiedMs: call.clock.now() })];
  });
  storage.blobs.remove(orphaned);
}

function listedPart(element: XmlElement): ListedPart {
  element.allow('PartNumber', 'ETag', ...CHECKSUM_ALGORITHMS.map(checksumElement));
  const text = element.single('PartNumber').text.trim();
  if (!/^\d{1,6}$/.test(text)) throw new S3Error('MalformedXML');
  const checksums = new Map<ChecksumAlgorithm, string>();
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = element.optional(checksumElement(algorithm))?.text;
    if (value !== undefined) checksums.set(algorithm, value);
  }
  return { number: Number(text), etag: element.single('ETag').text.trim().replaceAll('"', ''), checksums };
}

function checkOrder(listed: readonly ListedPart[], most: number): void {
  if (listed.length === 0 || listed.length > most) throw new S3Error('MalformedXML');
  let previous = 0;
  for (const part of listed) {
    if (part.number <= previous) throw new S3Error('InvalidPartOrder');
    previous = part.number;
  }
}

function matchingPart(call: Call, upload: Upload, listed: ListedPart): Part {
  const part = call.storage.uploads.part(upload.id, listed.number);
  const facts = { UploadId: upload.id, PartNumber: String(listed.number), ETag: listed.etag };
  if (!part || part.etag !== listed.etag) throw new S3Error('InvalidPart', undefined, { facts });
  const { checksumAlgorithm, checksumType } = upload.details;
  for (const [algorithm, value] of listed.checksums) {
    if (part.checksum && (part.checksum.algorithm !== algorithm || part.checksum.value !== value)) {
      throw new S3Error('InvalidPart', undefined, { facts });
    }
  }
  if (checksumType === 'COMPOSITE' && checksumAlgorithm && !listed.checksums.has(checksumAlgorithm)) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${checksumAlgorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${listed.number} in the request.`,
    );
  }
  return part;
}

function checkSizes(call: Call, parts: readonly Part[]): void {
  const { smallestPartBytes, objectBytes } = call.limits;
  for (const part of parts.slice(0, -1)) {
    if (part.size >= smallestPartBytes) continue;
    throw new S3Error('EntityTooSmall', undefined, {
      facts: {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(smallestPartBytes),
        PartNumber: String(part.number),
        ETag: part.etag,
      },
    });
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  // Differs from the real service: it takes 5 TiB in parts; here one limit holds for every object.
  if (size > objectBytes)
    throw new S3Error('EntityTooLarge', undefined, { facts: { MaxSizeAllowed: String(objectBytes) } });
  const claimed = call.headers['x-amz-mp-object-size'];
  if (claimed !== undefined && claimed !== String(size)) {
    throw new S3Error(
      'InvalidRequest',
      `The parts have ${size} bytes together, not the ${String(claimed)} that x-amz-mp-object-size says.`,
    );
  }
}

function wholeChecksum(upload: Upload, parts: readonly Part[]): StoredChecksum | undefined {
  const { checksumAlgorithm: algorithm, checksumType: type } = upload.details;
  if (!algorithm || !type) return undefined;
  const pieces = parts.map((part) => ({ value: part.checksum?.value ?? '', size: part.size }));
  if (type === 'FULL_OBJECT') return { algorithm, type, value: combineCrcs(algorithm, pieces) };
  const digester = createDigester(algorithm);
  digester.update(Buffer.concat(pieces.map((piece) => Buffer.from(piece.value, 'base64'))));
  return { algorithm, type, value: `${digester.digest().toString('base64')}-${parts.length}` };
}

function checkObjectChecksum(call: Call, upload: Upload, checksum: StoredChecksum | undefined): void {
  const type = call.headers['x-amz-checksum-type'];
  if (type !== undefined && type !== upload.details.checksumType) {
    throw new S3Error('InvalidRequest', 'x-amz-checksum-type is not the type that the upload was created with.');
  }
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = call.headers[`x-amz-checksum-${algorithm}`];
    if (value === undefined) continue;
    if (checksum?.algorithm !== algorithm || checksum.value !== value) {
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
  }
}

function joined(parts: readonly Part[]): Content {
  const blobs = parts.flatMap((part) => (part.content.kind === 'blobs' ? part.content.blobs : []));
  return blobs.length === 0 ? { kind: 'inline', bytes: new Uint8Array() } : { kind: 'blobs', blobs };
}
