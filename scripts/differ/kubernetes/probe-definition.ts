import type { Schema } from './schema.ts';
import type { JsonObject } from './step.ts';

export const definitionResource = 'customresourcedefinitions';

const SPEC = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 100 },
    mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
    ratio: { type: 'number', exclusiveMinimum: true, minimum: 0 },
    title: { type: 'string', minLength: 2, maxLength: 8, pattern: '^[a-z]+$' },
    when: { type: 'string', format: 'date-time' },
    enabled: { type: 'boolean', nullable: true },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 4, 'x-kubernetes-list-type': 'set' },
    steps: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, count: { type: 'integer', format: 'int32', default: 1 } },
      },
    },
    limits: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
    labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 5 }, maxProperties: 3 },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const STATUS = {
  type: 'object',
  properties: {
    phase: { type: 'string', enum: ['Idle', 'Busy'] },
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type'],
        properties: { type: { type: 'string' }, status: { type: 'string' } },
      },
    },
  },
};

const OPEN_API = { type: 'object', required: ['spec'], properties: { spec: SPEC, status: STATUS } };

/** The schema of the custom resource that requests are generated for, with the metadata that every object has. */
export const PROBE_SCHEMA: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    ...OPEN_API.properties,
  },
};

export const PROBE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'probes.differ.example.com' },
  spec: {
    group: 'differ.example.com',
    scope: 'Namespaced',
    names: { plural: 'probes', singular: 'probe', kind: 'Probe', listKind: 'ProbeList', shortNames: ['prb'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: OPEN_API },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase', priority: 1 },
          { name: 'When', type: 'date', jsonPath: '.spec.when' },
        ],
      },
    ],
  },
} satisfies JsonObject;
