import { ApiextensionsV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { Connection, ClusterContractFlags } from './contract-client.ts';
import { collect, statusOf } from './contract-client.ts';
import { RawApi } from './raw-api.ts';

/** Definitions and the objects they define. */
export function describeCustomResources(at: () => Connection, flags: ClusterContractFlags): void {
  describe('custom resources', () => {
    const group = 'contract.example.com';
    const definition = (extra: object = {}): object => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `probes.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'probes', singular: 'probe', kind: 'Probe', shortNames: ['prb'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    required: ['size'],
                    properties: {
                      size: { type: 'integer', minimum: 1 },
                      mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
                    },
                    ...extra,
                  },
                  status: { type: 'object', properties: { phase: { type: 'string' } } },
                },
              },
            },
          },
        ],
      },
    });
    const place = { group, version: 'v1', plural: 'probes' };
    const body = (name: string, spec: object): object => ({
      apiVersion: `${group}/v1`,
      kind: 'Probe',
      metadata: { name },
      spec,
    });
    let custom: CustomObjectsApi;
    // As a custom object, because the typed call spells schema fields its own way and drops those that it does not know.
    const define = (body: object): Promise<unknown> =>
      custom.createClusterCustomObject({
        group: 'apiextensions.k8s.io',
        version: 'v1',
        plural: 'customresourcedefinitions',
        body,
      });

    beforeAll(async () => {
      const { config } = at();
      custom = config.makeApiClient(CustomObjectsApi);
      const established = collect(
        config,
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        { fieldSelector: `metadata.name=probes.${group}` },
        (object) =>
          object.status?.conditions?.some(
            (condition) => condition.type === 'Established' && condition.status === 'True',
          ) === true
            ? 'established'
            : 'waiting',
      );
      await define(definition());
      await established.until('established');
      // Established is said a moment before it is served.
      const api = new RawApi(config);
      const isServed = async (): Promise<true | undefined> =>
        (await api.send(`/apis/${group}/v1/probes`)).code === 200 ? true : undefined;
      await waitUntil('the definition to be served', isServed, {
        clock: systemClock,
        timeoutMs: 10_000,
        intervalMs: 50,
      });
      await api.close();
    });
    afterAll(async () => {
      const { config } = at();
      await config.makeApiClient(ApiextensionsV1Api).deleteCustomResourceDefinition({ name: `probes.${group}` });
    });

    it('are defaulted, pruned and validated by their schema', async () => {
      const { namespace } = at();
      const created = (await custom.createNamespacedCustomObject({
        ...place,
        namespace,
        body: body('ok', { size: 1, surplus: 'x' }),
      })) as { spec: unknown; metadata: { generation: number } };
      expect(created.spec).toEqual({ size: 1, mode: 'on' });
      expect(created.metadata.generation).toBe(1);
      const refused = await statusOf(
        custom.createNamespacedCustomObject({ ...place, namespace, body: body('bad', { size: 0, mode: 'maybe' }) }),
      );
      expect(refused).toMatchObject({ code: 422, reason: 'Invalid', details: { name: 'bad', group, kind: 'Probe' } });
      const causes = (refused as { details: { causes: { reason: string; field: string; message: string }[] } }).details
        .causes;
      expect(causes.toSorted((a, b) => a.field.localeCompare(b.field))).toEqual([
        {
          reason: 'FieldValueNotSupported',
          field: 'spec.mode',
          message: 'Unsupported value: "maybe": supported values: "on", "off"',
        },
        {
          reason: 'FieldValueInvalid',
          field: 'spec.size',
          message: 'Invalid value: 0: spec.size in body should be greater than or equal to 1',
        },
      ]);
    });

    it('keep spec and status apart, and count generations of the spec', async () => {
      const { namespace } = at();
      const name = 'halves';
      type Probe = { metadata: { generation: number }; spec: object; status?: { phase: string } };
      const created = (await custom.createNamespacedCustomObject({
        ...place,
        namespace,
        body: { ...body(name, { size: 1 }), status: { phase: 'ignored' } },
      })) as Probe;
      expect(created.status).toBeUndefined();
      const withStatus = (await custom.replaceNamespacedCustomObjectStatus({
        ...place,
        namespace,
        name,
        body: { ...created, spec: { size: 7 }, status: { phase: 'Busy' } },
      })) as Probe;
      expect(withStatus).toMatchObject({ spec: { size: 1 }, status: { phase: 'Busy' }, metadata: { generation: 1 } });
      const updated = (await custom.replaceNamespacedCustomObject({
        ...place,
        namespace,
        name,
        body: { ...withStatus, spec: { size: 2 }, status: { phase: 'Lost' } },
      })) as Probe;
      expect(updated).toMatchObject({
        spec: { size: 2, mode: 'on' },
        status: { phase: 'Busy' },
        metadata: { generation: 2 },
      });
    });

    it('refuse an update without a version', async () => {
      const { namespace } = at();
      await custom.createNamespacedCustomObject({ ...place, namespace, body: body('unversioned', { size: 1 }) });
      expect(
        await statusOf(
          custom.replaceNamespacedCustomObject({
            ...place,
            namespace,
            name: 'unversioned',
            body: body('unversioned', { size: 2 }),
          }),
        ),
      ).toMatchObject({
        code: 422,
        details: { causes: [{ field: 'metadata.resourceVersion' }] },
      });
    });

    // The first version of all is older than the definition, and with it than all that a real server remembers of its objects.
    it('tell a watch of a version that the server has forgotten', async () => {
      const { config, namespace, forget } = at();
      const api = new RawApi(config);
      forget?.();
      const path = `/apis/${group}/v1/namespaces/${namespace}/probes?watch=true&resourceVersion=1`;
      const [event] = await api.watch(path, () => true);
      await api.close();
      expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    });

    it('with validation rules are refused where nothing evaluates them', async (context) => {
      if (!flags.refusesCel) context.skip('this cluster evaluates CEL');
      const rules = { 'x-kubernetes-validations': [{ rule: 'self.size < 9' }] };
      const other = definition(rules) as { metadata: { name: string }; spec: { names: { plural: string } } };
      other.metadata.name = `others.${group}`;
      other.spec.names.plural = 'others';
      expect(await statusOf(define(other))).toMatchObject({
        code: 422,
        details: {
          causes: [
            {
              reason: 'FieldValueForbidden',
              field: 'spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations',
            },
          ],
        },
      });
    });
  });
}
