import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import { COMPUTE_ENVIRONMENTS, GROUP, LABELS, MANAGED_BY, VERSION, WORKFLOWS } from '../api/names.ts';
import { SPEC_LIMITS } from '../api/workflow.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { StructuralSchema } from './schema-types.ts';
import { amount, count, flag, list, object, oneOf, text, time } from './schema-types.ts';

/** A CustomResourceDefinition as it is applied. */
export interface CustomResourceDefinition extends KubeObject {
  spec: Record<string, unknown>;
}

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean' | 'number';
  readonly jsonPath: string;
  readonly priority?: number;
}

const PHASE = oneOf(...Object.keys(JOB_STATUS));

const workflowSpec = object({
  jobId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  owner: text(128),
  agreementId: text(256),
  chainId: count(0),
  provider: text(64),
  environment: text(253),
  algorithm: object({ did: text(256), image: text(SPEC_LIMITS.image), entrypoint: text(SPEC_LIMITS.entrypoint) }),
  inputs: list(object({ did: text(256), serviceId: text(SPEC_LIMITS.serviceId), fileCount: count(0) })),
  networkAccess: flag,
  maxDurationSeconds: count(0),
  validUntil: count(0),
  secret: object({ name: text(253), digest: text(128) }),
  'stopRequested?': flag,
});

const configureReport = object({
  ok: flag,
  'failed?': oneOf('data', 'algorithm'),
  'code?': text(),
  'message?': text(),
  files: list(object({ did: text(), index: count(), bytes: count(), sha256: text(), verified: flag })),
});

const publishReport = object({
  ok: flag,
  'code?': text(),
  'message?': text(),
  published: count(),
  'notPublished?': count(),
  refused: list(object({ path: text(), reason: text() })),
});

const outcome = object({
  kind: oneOf('succeeded', 'failed', 'timeLimit', 'stopped', 'interrupted', 'neverStarted'),
  'exitCode?': { type: 'integer', format: 'int32' },
  'signal?': { type: 'integer', format: 'int32' },
  'oomKilled?': flag,
  reason: text(),
  'message?': text(),
  'startedAt?': time,
  'finishedAt?': time,
});

const workflowStatus = object({
  'observedGeneration?': count(),
  'phase?': PHASE,
  'conditions?': list(
    object({
      type: text(),
      status: oneOf('True', 'False', 'Unknown'),
      reason: text(),
      message: text(),
      lastTransitionTime: time,
    }),
  ),
  'acceptedAt?': time,
  'finishedAt?': time,
  'computeIntent?': object({ pod: text(), at: time }),
  'computePod?': object({ uid: text(), 'node?': text(), 'startedAt?': time, 'imageId?': text() }),
  'failedStarts?': list(text()),
  'stop?': object({ at: time, phase: PHASE }),
  'outcome?': outcome,
  'reports?': object({ 'configure?': configureReport, 'publish?': publishReport }),
  'results?': list(
    object({ index: count(), filename: text(), filesize: count(), type: text(), sha256: text(), key: text() }),
  ),
  // Words, numbers and flags: three types, which a structural schema without unions cannot say.
  'details?': { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  'runConsumed?': flag,
  'archived?': flag,
  'cleanedAt?': time,
});

const environmentSpec = object({
  description: text(4096),
  cpuNumber: amount,
  cpuType: text(256),
  gpuNumber: count(),
  gpuType: text(256),
  ramGb: amount,
  diskGb: amount,
  priceMin: amount,
  maxJobs: count(),
  maxJobDurationSeconds: count(1),
  storageExpirySeconds: count(),
  consumerAddress: text(64),
  allowedChainIds: list(count()),
  isolation: oneOf('required', 'best-effort'),
});

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const workflowDefinition = definition({
  names: { ...WORKFLOWS, singular: 'workflow', shortNames: ['wf'] },
  properties: { spec: workflowSpec, status: workflowStatus },
  hasStatus: true,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Environment', type: 'string', jsonPath: '.spec.environment' },
    { name: 'Reason', type: 'string', jsonPath: '.status.details.reason' },
    { name: 'Finished', type: 'date', jsonPath: '.status.finishedAt' },
    age,
    { name: 'Owner', type: 'string', jsonPath: '.spec.owner', priority: 1 },
  ],
});

export const computeEnvironmentDefinition = definition({
  names: { ...COMPUTE_ENVIRONMENTS, singular: 'computeenvironment', shortNames: ['ce'] },
  properties: { spec: environmentSpec },
  hasStatus: false,
  columns: [
    { name: 'CPU', type: 'number', jsonPath: '.spec.cpuNumber' },
    { name: 'RAM', type: 'number', jsonPath: '.spec.ramGb' },
    { name: 'Jobs', type: 'integer', jsonPath: '.spec.maxJobs' },
    { name: 'Seconds', type: 'integer', jsonPath: '.spec.maxJobDurationSeconds' },
    age,
  ],
});

export const definitions: readonly CustomResourceDefinition[] = [workflowDefinition, computeEnvironmentDefinition];

interface DefinitionParts {
  readonly names: {
    readonly resource: string;
    readonly kind: string;
    readonly singular: string;
    readonly shortNames: string[];
  };
  readonly properties: Readonly<Record<string, StructuralSchema>>;
  readonly hasStatus: boolean;
  readonly columns: readonly PrinterColumn[];
}

function definition({ names, properties, hasStatus, columns }: DefinitionParts): CustomResourceDefinition {
  const { resource, kind, singular, shortNames } = names;
  return {
    metadata: { name: `${resource}.${GROUP}`, labels: { [LABELS.managedBy]: MANAGED_BY } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { plural: resource, singular, kind, listKind: `${kind}List`, shortNames },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                ...properties,
              },
              required: ['spec'],
            },
          },
          ...(hasStatus ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}
