import { describe, expect, test } from 'vitest';
import type { WorkflowRequest } from '../../../core/protocol/workflow.ts';
import { SPEC_LIMITS } from '../../../engine/api/workflow.ts';
import { workflowDefinition } from '../../../engine/deploy/crds.ts';
import type { StructuralSchema } from '../../../engine/deploy/schema-types.ts';
import { specOf } from '../../../engine/operator-service/create-job.ts';
import { workflowSchema } from '../../../engine/operator-service/workflow-request.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

interface Change {
  readonly [name: string]: unknown;
}

function requestWith({ entrypoint = 'node $ALGO', image = 'node', did, serviceId = 's', ...fields }: Change = {}) {
  const { maxDurationSeconds = 60, algorithmDid = `did:op:${'e'.repeat(64)}`, ...rest } = fields;
  const file = { index: 0, url: 'https://provider.example/', capability: 'c' };
  return {
    jobId: 'a'.repeat(32),
    agreementId: `0x${'a1'.repeat(32)}`,
    owner: `0x${'aa'.repeat(20)}`,
    providerAddress: `0x${'bb'.repeat(20)}`,
    environment: 'lab',
    validUntil: 0,
    nonce: '1',
    chainId: 8996,
    workflow: {
      stages: [
        {
          index: 0,
          input: [{ index: 0, id: did ?? `did:op:${'d'.repeat(64)}`, serviceId, ddo: '{}', files: [file] }],
          algorithm: {
            id: algorithmDid,
            container: { entrypoint, image, tag: '24', checksum: DIGEST },
            files: [file],
          },
          compute: { maxDurationSeconds, networkAccess: false },
          output: { metadataUri: 'https://cache.example/' },
        },
      ],
    },
    ...rest,
  };
}

/** Where what the definition limits comes from; `secret` is the service's own. */
const FIELD_OF: Readonly<Record<string, string>> = {
  jobId: 'jobId',
  owner: 'owner',
  agreementId: 'agreementId',
  chainId: 'chainId',
  provider: 'providerAddress',
  environment: 'environment',
  'algorithm.did': 'algorithmDid',
  'algorithm.image': 'image',
  'algorithm.entrypoint': 'entrypoint',
  'inputs.did': 'did',
  'inputs.serviceId': 'serviceId',
  maxDurationSeconds: 'maxDurationSeconds',
  validUntil: 'validUntil',
};
const MADE_HERE = ['inputs.fileCount', 'secret.name', 'secret.digest'];
const LEAVES = leavesOf(definedSpec());

const isAccepted = (change: Change): boolean => workflowSchema.safeParse(requestWith(change)).success;

describe('what a request may say', () => {
  test('is known for every text and number of the definition', () => {
    expect(isAccepted({})).toBe(true);
    expect([...LEAVES.keys()].toSorted()).toEqual([...Object.keys(FIELD_OF), ...MADE_HERE].toSorted());
  });

  test.each(Object.entries(FIELD_OF))('%s is nothing that the definition refuses', (path, field) => {
    const refused = valuesOutside(LEAVES.get(path) ?? { type: 'string' });
    expect(refused).not.toEqual([]);
    expect(refused.filter((value) => isAccepted({ [field]: value }))).toEqual([]);
  });

  test.each([
    ['entrypoint', SPEC_LIMITS.entrypoint],
    ['image', SPEC_LIMITS.image - `@${DIGEST}`.length],
    ['serviceId', SPEC_LIMITS.serviceId],
  ] as const)('%s has as many characters as the definition takes', (field, most) => {
    const longest = 'x'.repeat(most);
    expect(isAccepted({ [field]: `${longest}x` })).toBe(false);
    const accepted = workflowSchema.parse(requestWith({ [field]: longest })) as unknown as WorkflowRequest;
    const { algorithm, inputs } = specOf(accepted);
    const lengths = { ...algorithm, serviceId: inputs[0]?.serviceId }[field]?.length;
    const path = field === 'serviceId' ? 'inputs.serviceId' : `algorithm.${field}`;
    expect(lengths).toBe((LEAVES.get(path) as { maxLength?: number }).maxLength);
  });
});

function definedSpec(): StructuralSchema {
  const { versions } = workflowDefinition.spec as {
    versions: [{ schema: { openAPIV3Schema: { properties: { spec: StructuralSchema } } } }];
  };
  return versions[0].schema.openAPIV3Schema.properties.spec;
}

/** What the definition does not take. */
function valuesOutside(schema: StructuralSchema): unknown[] {
  if (schema.type === 'integer') return [0.5, -1, '1', 2 ** 64];
  const { maxLength, pattern } = schema as { maxLength?: number; pattern?: string };
  return [
    ...(pattern === undefined ? [] : ['no such id']),
    ...(maxLength === undefined ? [] : ['a', '0'].map((letter) => letter.repeat(maxLength + 1))),
  ];
}

/** Every text and number below, by its path; items of a list have the list's own. */
function leavesOf(schema: StructuralSchema, path = ''): Map<string, StructuralSchema> {
  if (schema.type === 'array') return leavesOf(schema.items, path);
  if (schema.type === 'boolean') return new Map();
  if (schema.type !== 'object') return new Map([[path, schema]]);
  return new Map(
    Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
      ...leavesOf(inner, path === '' ? name : `${path}.${name}`),
    ]),
  );
}
