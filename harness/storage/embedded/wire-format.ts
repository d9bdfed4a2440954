import type { StoredChecksum, StoredObject } from './object-index.ts';
import type { XmlTree } from './xml.ts';
import { checksumElement } from './checksums.ts';
import { attributeHeaders } from './attributes.ts';

/** The one account that owns everything. */
export function ownerOf(): XmlTree {
  return { ID: '02d6176db174dc93cb1b899f7c6078f08654445fe8cf1b6ce98d8855f66bdbf4', DisplayName: 'wavetank' };
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}

export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

export function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}

export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

export function checksumXml(checksum: StoredChecksum | undefined): XmlTree {
  return checksum ? { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type } : {};
}

/** What GET and HEAD say about an object. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    ...attributeHeaders(object.attributes),
    etag: quoted(object.etag),
    'last-modified': httpDate(object.modifiedMs),
    'accept-ranges': 'bytes',
  };
}

/** As listings with encoding-type=url have it: form encoding, but `/` stays. */
export function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}
