import type { Seams } from '../../core/seams.ts';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import { WORKFLOWS } from '../api/names.ts';
import type { WorkFlow } from '../api/workflow.ts';
import { isConflict } from '../kubernetes/kube-error.ts';
import type { WorkResult } from '../kubernetes/work-queue.ts';
import type { Action, Plan } from './actions.ts';
import type { ApplyContext } from './apply.ts';
import { RefusedObject, applyPlan } from './apply.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Refusal } from './observation.ts';
import type { ObserveContext } from './observe.ts';
import { observe } from './observe.ts';
import { planWorkflow } from './plan.ts';
import type { PlanSettings } from './settings.ts';

export interface ReconcilerOptions {
  readonly observe: Omit<ObserveContext, 'refusalOf'>;
  readonly apply: ApplyContext;
  readonly settings: PlanSettings;
  readonly seams: Seams;
  readonly events: EventRecorder;
}

/** A job passes some ten states; more looks than this in one go would be a circle. */
const MAX_LOOKS = 12;

/** After these the caches know more than before, so that the next step need not wait for a watch. */
const INFORMATIVE: ReadonlySet<Action['do']> = new Set([
  'writeStatus',
  'createPod',
  'addFinalizer',
  'limitPod',
  'deleteWorkflow',
]);

/** One job at a time: observe, plan, apply, until nothing is left to do but wait. */
export class WorkflowReconciler {
  readonly #options: ReconcilerOptions;
  readonly #refusals = new Map<string, Refusal>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<WorkResult> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const observation = await observe({ ...this.#options.observe, refusalOf: (one) => this.#refusals.get(one) }, key);
      if (observation === undefined || observation.workflow.status?.finishedAt !== undefined)
        this.#refusals.delete(key);
      if (observation === undefined) return;
      const plan = planWorkflow(observation, this.#options.settings);
      if (plan.waves.length === 0) return this.#lookAgain(plan);
      try {
        await applyPlan(this.#options.apply, observation, plan);
        this.#tell(observation.workflow, plan);
      } catch (error) {
        await this.#recover(key, observation.workflow, error);
        continue;
      }
      if (!plan.waves.flat().some((action) => INFORMATIVE.has(action.do))) return this.#lookAgain(plan);
    }
    // Bounded: others get their turn, and this one comes again.
    return { requeueAfterMs: 100 };
  }

  #lookAgain(plan: Plan): WorkResult {
    if (plan.lookAgainAt === undefined || !Number.isFinite(plan.lookAgainAt)) return undefined;
    return { requeueAfterMs: Math.max(1, plan.lookAgainAt - this.#options.seams.clock.now()) };
  }

  /** What a second look can mend is mended here; everything else is thrown and tried again later. */
  async #recover(key: string, workflow: WorkFlow, error: unknown): Promise<void> {
    if (error instanceof RefusedObject) {
      this.#refusals.set(key, error.refusal);
      return;
    }
    if (!isConflict(error)) throw error;
    const { client, caches } = this.#options.apply;
    const { name, namespace } = workflow.metadata;
    const fresh = await client.find<WorkFlow>(WORKFLOWS, { name, namespace });
    const isKnown = fresh?.metadata.resourceVersion === workflow.metadata.resourceVersion;
    // It was not the WorkFlow that had changed, so the pods' watch will tell.
    if (isKnown) throw error;
    if (fresh === undefined) caches.workflows.cache.remove(key);
    else caches.workflows.cache.put(fresh);
  }

  #tellFailedStart(workflow: WorkFlow, failedStarts: readonly string[]): void {
    const uid = failedStarts.at(-1) ?? '';
    this.#options.seams.log.warn('pod failed before anything foreign ran in it, and is replaced', {
      jobId: workflow.spec.jobId,
      uid,
    });
    const message = `A pod failed before anything foreign ran in it (uid ${uid}); another takes its place.`;
    this.#options.events.record(workflow, 'Warning', 'FailedStart', message);
  }

  /** Log line and event follow the write: what was not written has not happened. */
  #tell(before: WorkFlow, plan: Plan): void {
    for (const action of plan.waves.flat()) {
      if (action.do !== 'writeStatus') continue;
      if (action.status.failedStarts !== undefined) this.#tellFailedStart(before, action.status.failedStarts);
      if (action.status.phase === undefined) continue;
      const from = before.status?.phase ?? 'warmingUp';
      const { phase, finishedAt, details } = action.status;
      if (phase === from && finishedAt === undefined) continue;
      this.#options.seams.log.info('workflow phase changed', {
        jobId: before.spec.jobId,
        from,
        to: phase,
        ...(details ? { details } : {}),
      });
      if (finishedAt !== undefined) {
        const isGood = phase === 'finished';
        const reason = isGood ? 'Finished' : `Status${JOB_STATUS[phase].code}`;
        const why = [details?.['reason'], details?.['message']].filter(Boolean).join(': ');
        this.#options.events.record(
          before,
          isGood ? 'Normal' : 'Warning',
          reason,
          `${JOB_STATUS[phase].text}. ${why}`.trim(),
        );
      }
    }
  }
}
