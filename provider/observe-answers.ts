import type { FastifyInstance } from 'fastify';

/** One answer on its way out. */
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

export type AnswerObserver = (answer: ObservedAnswer) => void;

/** Tells of every answer before it is sent; what the observer does with it changes nothing. */
export function observeAnswers(app: FastifyInstance, onAnswer: AnswerObserver): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const type = reply.getHeader('content-type');
    onAnswer({
      method: request.method,
      route: request.is404 ? undefined : request.routeOptions.url,
      status: reply.statusCode,
      contentType: typeof type === 'string' ? type.split(';')[0] : undefined,
      body: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : undefined,
    });
    return payload;
  });
}
