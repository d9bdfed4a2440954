/** How a request says who sends it. */
export type Signing =
  | { readonly form: 'header'; readonly flaw?: HeaderFlaw }
  | {
      readonly form: 'presigned';
      readonly expiresSeconds: number;
      readonly ageSeconds: number;
      readonly method?: string;
    }
  | {
      readonly form: 'chunks';
      readonly payload: string;
      readonly trailer?: 'right' | 'wrong';
      readonly tampered?: boolean;
    }
  | { readonly form: 'none' };

/** What is wrong with a signature. */
export type HeaderFlaw = 'secret' | 'access-key' | 'region' | 'late' | 'early' | 'changed-path' | 'payload-hash';

export type S3Body =
  /** Text with references. */
  | { readonly form: 'text'; readonly text: string; readonly md5?: boolean }
  | { readonly form: 'filler'; readonly size: number; readonly byte: number };

/**
 * One request, the same for both servers. Texts may hold references that each server's own answers fill in:
 * `{etag:KEY}`, `{upload}`, `{part:N}` (of the last upload), `{continuation-token:PREFIX|DELIMITER}`,
 * `{marker:PREFIX|DELIMITER}`, `{bucket}`, `{other}`. One that nothing
 * has answered yet becomes a text that names nothing.
 */
export interface S3Step {
  /** Its place in the sequence; a replay without its neighbours keeps the number. */
  readonly index: number;
  readonly operation: string;
  readonly method: string;
  /** With references; undefined is the service itself. */
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: S3Body | undefined;
  readonly signing: Signing;
}

/** An answer, with what no two servers can have in common taken out. */
export interface S3Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  /** An error's code, a document as a tree, or the size and digest of an object's bytes. */
  readonly body: unknown;
}

export interface S3Pair {
  readonly step: S3Step;
  readonly real: S3Answer;
  readonly embedded: S3Answer;
}
