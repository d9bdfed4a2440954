import { sha256Hex } from './hashing.ts';

/** What a trust list compares: the checksums of all files, in file order, written one after another (no hash of hashes). */
export function filesChecksum(fileChecksums: readonly string[]): string {
  return fileChecksums.join('');
}

/** SHA-256 over entrypoint and image checksum. Image name and tag are not covered, as in Provider 2.1.6. */
export function containerSectionChecksum(container: {
  readonly entrypoint: string;
  readonly checksum: string;
}): string {
  return sha256Hex(container.entrypoint + container.checksum);
}
