import type { FastifyReply } from 'fastify';
import type { OperatorRefusal } from '../operator-client.ts';

/** An Operator Service's refusal as it came: its status and its reason, with our code where it has none. */
export function relayRefusal(reply: FastifyReply, { status, body }: OperatorRefusal): FastifyReply {
  const given =
    typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
  const error = given['error'] ?? (typeof body === 'string' && body !== '' ? body : 'The Operator Service refused.');
  // Its authentication is between the two of us: to the client a failure of it is a fault on our side.
  const isOurs = status === 401 || status >= 500;
  const answer = isOurs ? { error: 'The Operator Service refused this Provider.' } : { ...given, error };
  return reply.code(isOurs ? 502 : status).send({
    field: 'compute',
    rule: 'operator.accepts',
    explain: typeof error === 'string' && !isOurs ? error : 'The Operator Service refused.',
    ...answer,
    code: isOurs ? 'OPERATOR_UNREACHABLE' : (given['code'] ?? 'OPERATOR_REFUSED'),
  });
}
