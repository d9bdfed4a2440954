import type { FastifyInstance } from 'fastify';
import type { ProviderContext } from '../context.ts';
import { registerComputeStart } from './compute-start.ts';
import { registerComputeStatus } from './compute-status.ts';
import { registerComputeStop } from './compute-stop.ts';
import { registerComputeDelete } from './compute-delete.ts';

/** One path, four verbs. */
export function registerComputeRoutes(app: FastifyInstance, context: ProviderContext): void {
  registerComputeStart(app, context);
  registerComputeStatus(app, context);
  registerComputeStop(app, context);
  registerComputeDelete(app, context);
}
