import { S3Error } from '../errors.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket } from '../operation.ts';
import { checkKey } from '../target.ts';
import type { XmlElement, XmlTree } from '../xml.ts';
import { parseXml, renderXml, S3_NAMESPACE } from '../xml.ts';
import { BODY_HEADERS } from './write-object.ts';

const MOST_KEYS = 1000;

const deleteObject: Operation = {
  name: 'DeleteObject',
  method: 'DELETE',
  level: 'object',
  action: 's3:DeleteObject',
  run(call) {
    existingBucket(call);
    remove(call, call.key);
    return { status: 204 };
  },
};

/** Each key is authorized by itself: the answer says which were denied. */
const deleteObjects: Operation = {
  name: 'DeleteObjects',
  method: 'POST',
  level: 'bucket',
  selector: { query: 'delete' },
  action: 's3:DeleteObject',
  headers: BODY_HEADERS,
  hasBody: true,
  async run(call) {
    existingBucket(call);
    if (!call.body.isVouchedFor())
      throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5');
    const request = await parseXml(await call.body.document(call.limits.documentBytes), 'Delete');
    const isQuiet = request.allow('Object', 'Quiet').optional('Quiet')?.text === 'true';
    const keys = request.all('Object').map(keyOf);
    if (keys.length === 0 || keys.length > MOST_KEYS) throw new S3Error('MalformedXML');
    const denied: XmlTree[] = [];
    const deleted: XmlTree[] = [];
    for (const key of keys) {
      if (!call.user.may({ action: 's3:DeleteObject', bucket: call.bucket, key })) {
        denied.push({ Key: key, Code: 'AccessDenied', Message: 'Access Denied' });
        continue;
      }
      remove(call, key);
      if (!isQuiet) deleted.push({ Key: key });
    }
    return { status: 200, xml: renderXml('DeleteResult', { Deleted: deleted, Error: denied }, S3_NAMESPACE) };
  },
};

export const DELETE_OPERATIONS: readonly Operation[] = [deleteObject, deleteObjects];

function keyOf(element: XmlElement): string {
  if (element.optional('VersionId')) throw new S3Error('NotImplemented', 'Versions of objects are not implemented.');
  const key = element.allow('Key').single('Key').text;
  if (key === '') throw new S3Error('MalformedXML');
  checkKey(key);
  return key;
}

function remove(call: Call, key: string): void {
  const { objects, blobs } = call.storage;
  blobs.remove(objects.delete(call.bucket, key));
}
