export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: Json;
}

/** A change of one field: without a value the field is taken away. */
export interface Edit {
  readonly path: readonly (string | number)[];
  readonly value?: Json;
}

/** What is sent: text as it is, or an object that each server's own answers complete. */
export type Body =
  | { readonly form: 'text'; readonly text: string }
  | {
      readonly form: 'object';
      /** `resource/name`: the last state of it that this server answered is where the edits begin, when there is one. */
      readonly base?: string | undefined;
      readonly value: Json;
      readonly edits: readonly Edit[];
      readonly encoding: 'json' | 'yaml';
    };

/**
 * One request, the same for both servers. Texts (path, header values, strings in the body) may hold references that each
 * server's earlier answers fill in: `{ns}`, `{rv:resource/name}`, `{old:resource/name}` (the version before), `{uid:resource/name}`,
 * `{listrv:resource}`, `{continue:resource}`. One that nothing has answered yet is empty.
 */
export interface Step {
  /** Its place in the sequence; a replay without its neighbours keeps the number. */
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Of a watch: the kind whose marker ends it. */
  readonly watches?: string;
  /** A write that a controller completes, like a deletion: the next step waits until it has, on both. */
  readonly awaitsController?: string;
}

/** A request as one server gets it. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** An answer as it came. */
export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, else the text; of a watch the list of its events. */
  readonly body: unknown;
}
