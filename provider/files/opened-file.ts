import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { ByteRange } from './byte-range.ts';
import { resolveRange, sliceOf } from './byte-range.ts';
import { guarded } from './guarded.ts';

/** A file's bytes on their way. */
export interface OpenedFile {
  /** 206 when the body is the range that was asked for; 416 when nothing lies there (the body is then empty). */
  readonly status: 200 | 206 | 416;
  /** Of this body. */
  readonly contentLength: number | undefined;
  /** Of the whole file. */
  readonly totalLength: number | undefined;
  readonly contentType: string | undefined;
  readonly contentRange: string | undefined;
  readonly filename: string | undefined;
  readonly body: Readable;
}

interface Opened {
  readonly url: string;
  readonly range?: ByteRange;
  readonly isNameless?: boolean;
}

/** Reads a host's answer; a host that knows no ranges gets its body cut here. */
export function openedFrom(response: Dispatcher.ResponseData, request: Opened): Checked<OpenedFile> {
  const { statusCode, body } = response;
  const header = (name: string): string | undefined => {
    const value = response.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const facts = {
    contentType: header('content-type'),
    filename: filenameOf(request.isNameless ? NAMELESS : request.url, header('content-disposition')),
  };
  const contentLength = lengthOf(header('content-length'));
  const contentRange = header('content-range');
  if (statusCode === 206 && contentRange !== undefined && request.range) {
    return passed({
      ...facts,
      status: 206,
      contentLength,
      contentRange,
      totalLength: lengthOf(contentRange.split('/')[1]),
      body,
    });
  }
  if (statusCode === 416 && request.range) {
    return passed(nothing({ ...facts, body }, contentRange));
  }
  // 201 is what a Provider answers to /decrypt, and what a host may say to a POST.
  if (statusCode !== 200 && statusCode !== 201) {
    body.destroy();
    return refuse({
      code: 'FILE_UNREACHABLE',
      field: 'fileIndex',
      rule: 'file.reachable',
      message: `The file cannot be read: its host answered ${statusCode}.`,
      classic: 'Asset URL not found, not available or invalid.',
    });
  }
  const whole = {
    ...facts,
    status: 200,
    contentLength,
    contentRange: undefined,
    totalLength: contentLength,
    body,
  } as const;
  return passed(request.range && contentLength !== undefined ? cut(whole, request.range, contentLength) : whole);
}

function cut(file: OpenedFile, range: ByteRange, length: number): OpenedFile {
  const wanted = resolveRange(range, length);
  if (!wanted) return nothing(file, `bytes */${length}`, length);
  return {
    ...file,
    status: 206,
    contentLength: wanted.end - wanted.start + 1,
    contentRange: `bytes ${wanted.start}-${wanted.end}/${length}`,
    body: guarded(sliceOf(file.body, wanted.start, wanted.end)),
  };
}

/** Whatever the host says beside its 416 is no part of the file. */
function nothing(
  { contentType, filename, body }: Pick<OpenedFile, 'contentType' | 'filename' | 'body'>,
  contentRange: string | undefined,
  totalLength?: number,
): OpenedFile {
  body.destroy();
  return {
    status: 416,
    contentLength: 0,
    totalLength,
    contentType,
    contentRange,
    filename,
    body: Readable.from([]),
  };
}

/** An address whose last part names nothing. */
const NAMELESS = 'http://file/';

function lengthOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** From Content-Disposition, else the last part of the path; only what is safe in a header and as a file's name. */
export function filenameOf(url: string, disposition?: string): string | undefined {
  const named = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1];
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const name = (named ?? decodeSafely(last)).replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 128);
  return /^[._]*$/.test(name) ? undefined : name;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
