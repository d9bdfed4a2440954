import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import type { Client } from 'minio';
import { WavetankError } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import type { StoredResult } from '../api/workflow.ts';
import { archiveKeys, spellingsOf } from './keys.ts';
import type { Place } from './place.ts';
import { placeOf } from './place.ts';
import type { JobRecord } from './record.ts';

export interface ArchiveOptions {
  /** http(s)://host:port of any S3. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** `BUCKET` or `BUCKET/PREFIX` for outputs, logs of algorithms and records. Private: nobody reads it but through the Provider. */
  readonly resultsBucket: string;
  /** The same for logs of our own stages, for operators. */
  readonly adminBucket: string;
  readonly net: Net;
}

export interface Stored {
  readonly bytes: number;
  readonly sha256: string;
}

/** Inclusive, as in a Range header. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What the operator keeps of jobs outside the cluster. Every method throws WavetankError ARCHIVE_FAILED when the S3 does not do it. */
export interface Archive {
  putOutput(jobId: string, path: string, body: Readable, size: number): Promise<Stored>;
  putAlgorithmLog(jobId: string, body: Readable, size: number): Promise<Stored>;
  putAdminLog(jobId: string, stage: string, text: string): Promise<Stored>;
  /** Sizes of what lies below a job's outputs, by path. */
  outputSizes(jobId: string): Promise<ReadonlyMap<string, number>>;
  /** @throws WavetankError RESULTS_TOO_LARGE when their list has more than MAX_RESULTS_BYTES; then nothing was written */
  putResults(jobId: string, results: readonly StoredResult[]): Promise<void>;
  getResults(jobId: string): Promise<readonly StoredResult[] | undefined>;
  putRecord(record: JobRecord): Promise<void>;
  getRecord(jobId: string): Promise<JobRecord | undefined>;
  jobsOf(owner: string): Promise<readonly string[]>;
  /** @throws WavetankError RESULT_GONE when it ran out or was deleted */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** Jobs whose results have run out at `now` (ms), the oldest first. */
  expiredJobs(now: number): Promise<readonly string[]>;
  /** Removes an expired job, as `removeJob` does, and its mark; one that was removed before leaves only the mark. */
  removeExpired(jobId: string, now: number): Promise<void>;
  /**
   * Everything of a job: outputs, uploads that nobody finished, logs of the algorithm and of our stages, record, its entry in the
   * owner's list. The record goes last: as long as anything is left, a repeated removal finds it and goes on.
   */
  removeJob(jobId: string, owner: string): Promise<void>;
}

/** Streams above this size go up in parts of it, so that memory stays flat. */
const PART_BYTES = 5 * 1024 * 1024;

/** Of a list of results or a record. Whatever is written can be read again. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;

/** A record has the results, and beside them what fits into a WorkFlow, of which a cluster takes 1.5 MiB. */
export const MAX_RESULTS_BYTES = MAX_DOCUMENT_BYTES - 2 * 1024 * 1024;

export async function createArchive(options: ArchiveOptions): Promise<Archive> {
  // Imported here: the client takes a quarter of a second to load, and not every process needs an archive.
  const minio = await import('minio');
  const url = new URL(options.endpoint);
  const isTls = url.protocol === 'https:';
  const client = new minio.Client({
    endPoint: url.hostname,
    port: Number(url.port || (isTls ? 443 : 80)),
    useSSL: isTls,
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    region: options.region,
    pathStyle: true,
    partSize: PART_BYTES,
    transportAgent: isTls ? options.net.httpsAgent : options.net.httpAgent,
  });
  return new S3Archive(client, options);
}

class S3Archive implements Archive {
  readonly #client: Client;
  readonly #results: Place;
  readonly #admin: Place;

  constructor(client: Client, { resultsBucket, adminBucket }: ArchiveOptions) {
    this.#client = client;
    this.#results = placeOf(resultsBucket);
    this.#admin = placeOf(adminBucket);
  }

  putOutput(jobId: string, path: string, body: Readable, size: number): Promise<Stored> {
    return this.#putStream(archiveKeys.output(jobId, path), body, size);
  }

  putAlgorithmLog(jobId: string, body: Readable, size: number): Promise<Stored> {
    return this.#putStream(archiveKeys.algorithmLog(jobId), body, size);
  }

  async putAdminLog(jobId: string, stage: string, text: string): Promise<Stored> {
    const bytes = Buffer.from(text, 'utf8');
    await attempt('store a log', () =>
      this.#client.putObject(...at(this.#admin, archiveKeys.adminLog(jobId, stage)), bytes),
    );
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  async outputSizes(jobId: string): Promise<ReadonlyMap<string, number>> {
    const prefix = archiveKeys.output(jobId, '');
    const found = await this.#list(prefix);
    return new Map(found.map(({ name, size }) => [name.slice(prefix.length), size]));
  }

  async putResults(jobId: string, results: readonly StoredResult[]): Promise<void> {
    const list = Buffer.from(JSON.stringify(results), 'utf8');
    if (list.length > MAX_RESULTS_BYTES)
      throw new WavetankError('RESULTS_TOO_LARGE', 'The names of the outputs are too long to be listed.', {
        category: 'usage',
      });
    await this.#putDocument(archiveKeys.results(jobId), list);
  }

  getResults(jobId: string): Promise<readonly StoredResult[] | undefined> {
    return this.#getJson<readonly StoredResult[]>(archiveKeys.results(jobId));
  }

  /** The owner's entry first: a record that nobody lists would be lost, an entry without a record is only looked up in vain. */
  async putRecord(record: JobRecord): Promise<void> {
    const entry = archiveKeys.ownerEntry(record.owner, record.jobId);
    await attempt('list a job under its owner', () =>
      this.#client.putObject(...at(this.#results, entry), Buffer.alloc(0)),
    );
    if (record.expiresAt > 0) {
      const mark = archiveKeys.expiryEntry(record.expiresAt, record.jobId);
      await attempt('mark when a job runs out', () =>
        this.#client.putObject(...at(this.#results, mark), Buffer.alloc(0)),
      );
    }
    await this.#putDocument(archiveKeys.record(record.jobId), Buffer.from(JSON.stringify(record), 'utf8'));
  }

  getRecord(jobId: string): Promise<JobRecord | undefined> {
    return this.#getJson<JobRecord>(archiveKeys.record(jobId));
  }

  async jobsOf(owner: string): Promise<readonly string[]> {
    const prefix = archiveKeys.ownerPrefix(owner);
    return (await this.#list(prefix)).map(({ name }) => name.slice(prefix.length));
  }

  async open(key: string, range?: ByteRange): Promise<Readable> {
    try {
      if (!range) return await this.#client.getObject(...at(this.#results, key));
      return await this.#client.getPartialObject(...at(this.#results, key), range.first, range.last - range.first + 1);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'NoSuchKey')
        throw new WavetankError('RESULT_GONE', 'The result is in the archive no more.', { cause: error });
      throw failed('read a result', error);
    }
  }

  async removeJob(jobId: string, owner: string): Promise<void> {
    const [ours, record] = [archiveKeys.job(jobId), archiveKeys.record(jobId)];
    // Uploads first: one that is finished meanwhile is among the objects.
    await this.#abortUploads(ours);
    for (const place of [this.#results, this.#admin]) {
      const keys = (await this.#list(ours, place)).map(({ name }) => name);
      // Both places may be the same.
      await this.#remove(
        place,
        keys.filter((key) => key !== record),
      );
    }
    await this.#remove(this.#results, [archiveKeys.ownerEntry(owner, jobId)]);
    await this.#remove(this.#results, [record]);
  }

  async expiredJobs(now: number): Promise<readonly string[]> {
    return (await this.#expiryMarks(now)).map(({ jobId }) => jobId);
  }

  async removeExpired(jobId: string, now: number): Promise<void> {
    const record = await this.getRecord(jobId);
    if (record && record.expiresAt > 0 && record.expiresAt <= now) await this.removeJob(jobId, record.owner);
    const marks = (await this.#expiryMarks(now)).filter((mark) => mark.jobId === jobId).map(({ name }) => name);
    await this.#remove(this.#results, marks);
  }

  async #expiryMarks(now: number): Promise<readonly { name: string; jobId: string }[]> {
    const marks = await this.#list(archiveKeys.expiryPrefix);
    return marks.flatMap(({ name }) => {
      const [, at = '', jobId = ''] = name.split('/');
      return Number(at) <= now ? [{ name, jobId }] : [];
    });
  }

  async #putStream(key: string, body: Readable, size: number): Promise<Stored> {
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = body.pipe(
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          hash.update(chunk);
          done(null, chunk);
        },
      }),
    );
    body.once('error', (error) => counted.destroy(error));
    await attempt('store an output', () => this.#client.putObject(...at(this.#results, key), counted, size));
    if (bytes !== size) throw new WavetankError('ARCHIVE_INCOMPLETE', `Expected ${size} bytes and got ${bytes}.`);
    return { bytes, sha256: hash.digest('hex') };
  }

  async #putDocument(key: string, document: Buffer): Promise<void> {
    await attempt('store a record', () => this.#client.putObject(...at(this.#results, key), document));
  }

  async #getJson<T>(key: string): Promise<T | undefined> {
    try {
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of (await this.#client.getObject(...at(this.#results, key))) as AsyncIterable<Buffer>) {
        length += part.length;
        if (length > MAX_DOCUMENT_BYTES)
          throw new WavetankError('ARCHIVE_FAILED', 'A record in the archive is too large.');
        parts.push(part);
      }
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as T;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'NoSuchKey') return undefined;
      throw failed('read a record', error);
    }
  }

  /** Of many uploads of one key the client's pages may leave some out: those show when the others are gone. */
  async #abortUploads(prefix: string): Promise<void> {
    const known = new Set<string>();
    for (;;) {
      const found = (await this.#uploads(prefix)).filter(({ id }) => !known.has(id));
      if (found.length === 0) return;
      for (const { key, id } of found) {
        known.add(id);
        for (const spelling of spellingsOf(key)) await attempt('abort an upload', () => this.#abort(spelling, id));
      }
    }
  }

  async #abort(key: string, id: string): Promise<void> {
    try {
      await this.#client.abortMultipartUpload(this.#results.bucket, key, id);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'NoSuchUpload') throw error;
    }
  }

  /** Of the whole place, for MinIO knows no prefix of uploads but a whole key, or none; only those under way are listed. */
  async #uploads(prefix: string): Promise<readonly { key: string; id: string }[]> {
    const place = this.#results;
    return attempt('list uploads', async () => {
      const found: { key: string; id: string }[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const page = await this.#client.listIncompleteUploadsQuery(place.bucket, place.prefix, after, '', '');
        // The client makes numbers of keys that are digits, whatever its types say.
        for (const { key, uploadId } of page.uploads.map((upload) => ({ ...upload, key: String(upload.key) })))
          if (key.startsWith(`${place.prefix}${prefix}`)) found.push({ key, id: uploadId });
        after = page.isTruncated && page.nextKeyMarker !== '' ? String(page.nextKeyMarker) : undefined;
      }
      return found;
    });
  }

  /** The client gives back what the S3 said of single keys, and throws only when it took none. */
  async #remove({ bucket, prefix }: Place, keys: readonly string[]): Promise<void> {
    await attempt('remove objects', async () => {
      const refusals = (await this.#client.removeObjects(
        bucket,
        keys.map((key) => `${prefix}${key}`),
      )) as readonly { readonly Code?: string }[];
      const refusal = refusals.find(({ Code }) => Code !== 'NoSuchKey');
      if (refusal) throw Object.assign(new Error('An object was not removed.'), { code: refusal.Code });
    });
  }

  async #list(prefix: string, place = this.#results): Promise<readonly { name: string; size: number }[]> {
    return attempt('list a prefix', async () => {
      const found: { name: string; size: number }[] = [];
      for await (const item of this.#client.listObjectsV2(...at(place, prefix), true) as AsyncIterable<{
        name?: string;
        size: number;
      }>) {
        if (item.name !== undefined) found.push({ name: item.name.slice(place.prefix.length), size: item.size });
      }
      return found;
    });
  }
}

/** Bucket and key, as the client's methods take them. */
function at({ bucket, prefix }: Place, key: string): [string, string] {
  return [bucket, `${prefix}${key}`];
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(what, error);
  }
}

function failed(what: string, cause: unknown): WavetankError {
  const { code } = cause as { code?: unknown };
  return new WavetankError('ARCHIVE_FAILED', `The S3 did not ${what}${typeof code === 'string' ? ` (${code})` : ''}.`, {
    cause,
  });
}
