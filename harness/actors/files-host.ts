import type { RunningResource } from '../../core/resource.ts';

/** What a file consists of: text, bytes, or a file on disk that is streamed. */
export type FileContent = string | Uint8Array | { readonly path: string };

export interface HostedFile {
  /** Cannot be guessed: seeing it anywhere outside the owner's Provider is a leak. */
  readonly url: string;
  readonly name: string;
  /** From now on the same URL answers with other bytes. */
  setContent(content: FileContent): void;
  /** The next GET is still answered as before; every later one with `content`. A HEAD changes nothing. */
  changeAfterNextGet(content: FileContent): void;
  /** Requests for this file so far. */
  requests(): { readonly get: number; readonly head: number };
}

/** A lab's own small web server. */
export interface FilesHost extends RunningResource {
  readonly name: string;
  readonly url: string;
  publish(name: string, content: FileContent): HostedFile;
  /** The unguessable parts of all its URLs. */
  secrets(): readonly string[];
  /** Requests that named no file of this host: somebody guesses. */
  strayRequests(): number;
}
