import type { FastifyInstance } from 'fastify';
import type { AnswerObserver } from '../../core/observed-answer.ts';
import { observedAnswer } from '../../core/observed-answer.ts';

/** Tells of every answer before it is sent. */
export function observeAnswers(app: FastifyInstance, onAnswer: AnswerObserver): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const route = request.is404 ? undefined : request.routeOptions.url;
    const contentType = reply.getHeader('content-type');
    onAnswer(observedAnswer({ method: request.method, route, status: reply.statusCode, contentType, payload }));
    return payload;
  });
}
