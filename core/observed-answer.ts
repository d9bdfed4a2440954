/** One answer of an HTTP service on its way out, for tests and recordings. */
export interface ObservedAnswer {
  readonly method: string;
  /** The route's own path; undefined when there is no such route. */
  readonly route: string | undefined;
  readonly status: number;
  /** Without its parameters; undefined when there is no body. */
  readonly contentType: string | undefined;
  /** undefined for a stream. */
  readonly body: string | Buffer | undefined;
}

/** Told of an answer before it is sent; what it does with it changes nothing. */
export type AnswerObserver = (answer: ObservedAnswer) => void;

/** What a server framework knows of an answer. */
export interface AnswerFacts {
  readonly method: string;
  readonly route: string | undefined;
  readonly status: number;
  readonly contentType: unknown;
  readonly payload: unknown;
}

export function observedAnswer({ contentType, payload, ...facts }: AnswerFacts): ObservedAnswer {
  return {
    ...facts,
    contentType: typeof contentType === 'string' ? contentType.split(';')[0] : undefined,
    body: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : undefined,
  };
}
