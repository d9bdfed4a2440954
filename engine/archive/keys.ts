import { createHash } from 'node:crypto';

/** Where things lie in the buckets. Everything of a job is below its own prefix, so that nothing else is touched with it. */
export const archiveKeys = {
  job: (jobId: string) => `jobs/${jobId}/`,
  output: (jobId: string, path: string) => `jobs/${jobId}/outputs/${path}`,
  algorithmLog: (jobId: string) => `jobs/${jobId}/logs/algorithm.log`,
  results: (jobId: string) => `jobs/${jobId}/results.json`,
  record: (jobId: string) => `jobs/${jobId}/record.json`,
  /** An empty object per job: the listing of an owner's jobs. */
  ownerEntry: (owner: string, jobId: string) => `owners/${ownerDigest(owner)}/${jobId}`,
  ownerPrefix: (owner: string) => `owners/${ownerDigest(owner)}/`,
  /** An empty object per job whose results run out, sorted by when: milliseconds since the epoch, 15 digits. */
  expiryEntry: (expiresAt: number, jobId: string) => `expiring/${String(expiresAt).padStart(15, '0')}/${jobId}`,
  expiryPrefix: 'expiring/',
  /** In the bucket for operators. */
  adminLog: (jobId: string, stage: string) => `jobs/${jobId}/${stage}.log`,
} as const;

/** The first 40 hex digits of SHA-256 over the lower-case address: also the value of the owner label. */
export function ownerDigest(owner: string): string {
  return createHash('sha256').update(owner.toLowerCase()).digest('hex').slice(0, 40);
}

/**
 * A key as the minio client lists unfinished uploads: it leaves numeric entities as they came, of which MinIO makes quotes.
 * A key may also be spelt so itself.
 */
export function spellingsOf(key: string): readonly string[] {
  const decoded = key.replaceAll(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, (entity, hex?: string, decimal?: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : entity;
  });
  return decoded === key ? [key] : [key, decoded];
}
