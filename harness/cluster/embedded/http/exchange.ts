import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '../api-core.ts';
import type { RequestInfo } from './request-info.ts';

/** One request on its way through the pipeline, with what is known about it so far. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly info: RequestInfo;
  readonly user: UserInfo;
}
