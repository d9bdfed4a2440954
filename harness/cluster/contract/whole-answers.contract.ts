import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import { map, pod } from './contract-client.ts';
import { failure, RawApi } from './raw-api.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const MERGE = 'application/merge-patch+json';

/** Answers compared whole: bodies of refusals, warnings, other shapes. */
export function describeWholeAnswers(at: () => Connection): void {
  describe('whole answers', () => {
    let api: RawApi;
    let maps: string;
    let pods: string;
    beforeAll(async () => {
      const { config, namespace } = at();
      api = new RawApi(config);
      maps = `/api/v1/namespaces/${namespace}/configmaps`;
      pods = `/api/v1/namespaces/${namespace}/pods`;
      await api.send(maps, {
        method: 'POST',
        body: { ...map('whole-a', { a: '1' }), apiVersion: 'v1', kind: 'ConfigMap' },
      });
    });
    afterAll(() => api.close());

    it('to a body of another kind, of no kind, and of none', async () => {
      const post = async (body: unknown): Promise<unknown> => (await api.send(maps, { method: 'POST', body })).body;
      expect(await post({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } })).toEqual(
        failure(
          400,
          'BadRequest',
          'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
        ),
      );
      expect(await post({ apiVersion: 'v9', kind: 'ConfigMap', metadata: { name: 'x' } })).toEqual(
        failure(
          400,
          'BadRequest',
          'ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9" in scheme "pkg/runtime/scheme.go:110"',
        ),
      );
      expect(await post('[]')).toMatchObject({ code: 400, message: expect.stringContaining('(5b5d)') });
      expect(await post({ data: { a: 7 }, kind: 'ConfigMap', apiVersion: 'v1' })).toEqual(
        failure(
          400,
          'BadRequest',
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
        ),
      );
    });

    it('to options that are none', async () => {
      const body = map('whole-options');
      expect((await api.send(`${maps}?dryRun=Some&fieldValidation=Some`, { method: 'POST', body })).body).toEqual(
        failure(
          422,
          'Invalid',
          'CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"]',
          {
            group: 'meta.k8s.io',
            kind: 'CreateOptions',
            causes: [
              {
                reason: 'FieldValueNotSupported',
                message: 'Unsupported value: ["Some"]: supported values: "All"',
                field: 'dryRun',
              },
              {
                reason: 'FieldValueNotSupported',
                message: 'Unsupported value: "Some": supported values: "", "Ignore", "Strict", "Warn"',
                field: 'fieldValidation',
              },
            ],
          },
        ),
      );
      expect((await api.send(`${maps}?resourceVersionMatch=Exact`)).body).toMatchObject({
        code: 422,
        details: { kind: 'ListOptions', causes: [{ field: 'resourceVersionMatch', reason: 'FieldValueForbidden' }] },
      });
      expect((await api.send(`${maps}?labelSelector=a%20b`)).body).toEqual(
        failure(400, 'BadRequest', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
      );
    });

    it('to updates that name another object, version or incarnation', async () => {
      const put = async (metadata: object): Promise<unknown> =>
        (await api.send(`${maps}/whole-a`, { method: 'PUT', body: { metadata } })).body;
      expect(await put({ name: 'other' })).toEqual(
        failure(400, 'BadRequest', 'the name of the object (other) does not match the name on the URL (whole-a)'),
      );
      expect(await put({})).toEqual(
        failure(
          400,
          'BadRequest',
          'the name of the object (whole-a based on URL) was undeterminable: name must be provided',
        ),
      );
      expect(await put({ name: 'whole-a', uid: 'other' })).toMatchObject({
        code: 409,
        reason: 'Conflict',
        details: { name: 'whole-a', kind: 'configmaps' },
        message: expect.stringContaining('Precondition failed: UID in precondition: other'),
      });
      expect(await put({ name: 'whole-a', resourceVersion: 'abc' })).toMatchObject({
        code: 500,
        message: 'strconv.ParseUint: parsing "abc": invalid syntax',
      });
    });

    it('to deletions under a condition that does not hold', async () => {
      const body = { preconditions: { resourceVersion: '1' } };
      expect((await api.send(`${maps}/whole-a`, { method: 'DELETE', body })).body).toEqual({
        ...failure(409, 'Conflict', '', { name: 'whole-a', kind: 'ConfigMap' }),
        message: expect.stringMatching(
          /^Operation cannot be fulfilled on ConfigMap "whole-a": the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record \(\d+\)\. The object might have been modified$/,
        ),
      });
    });

    it('to patches that cannot be applied, or that fit no object', async () => {
      const patch = async (type: string, body: unknown): Promise<unknown> =>
        (await api.send(`${maps}/whole-a`, { method: 'PATCH', body, type })).body;
      const test = [{ op: 'test', path: '/data/a', value: 'other' }];
      expect(await patch('application/json-patch+json', test)).toEqual(
        failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {}),
      );
      expect(await patch(MERGE, [])).toEqual(
        failure(
          400,
          'BadRequest',
          'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
        ),
      );
      expect(await patch(MERGE, { data: 'x' })).toMatchObject({
        code: 422,
        reason: 'Invalid',
        details: { causes: [{ reason: 'FieldValueInvalid', field: 'patch' }] },
      });
      expect(await patch('text/plain', '{}')).toEqual(
        failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {}),
      );
    });

    it('with warnings of what was not understood', async () => {
      const body = { ...map('whole-warned'), surplus: 1 };
      const answer = await api.send(`${maps}?dryRun=All`, { method: 'POST', body });
      expect([answer.code, answer.headers['warning']]).toEqual([201, '299 - "unknown field \\"surplus\\""']);
      expect((await api.send(`${maps}?dryRun=All&fieldValidation=Strict`, { method: 'POST', body })).body).toEqual(
        failure(
          400,
          'BadRequest',
          'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "surplus"',
        ),
      );
    });

    it('as tables and as metadata alone', async () => {
      const { namespace } = at();
      await api.send(pods, { method: 'POST', body: pod('whole-table') });
      const table = (await api.send(`${pods}?fieldSelector=metadata.name=whole-table`, { accept: TABLE })).body as {
        columnDefinitions: { name: string; type: string; priority: number }[];
        rows: { cells: unknown[]; object: { kind: string; metadata: { name: string; namespace: string } } }[];
      };
      expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
      expect(table.columnDefinitions.map(({ name, type, priority }) => `${name} ${type} ${priority}`)).toEqual([
        'Name string 0',
        'Ready string 0',
        'Status string 0',
        'Restarts string 0',
        'Age string 0',
        'IP string 1',
        'Node string 1',
        'Nominated Node string 1',
        'Readiness Gates string 1',
      ]);
      const [row] = table.rows;
      expect(row?.cells.toSpliced(4, 1)).toEqual([
        'whole-table',
        '0/2',
        'Pending',
        '0',
        '<none>',
        '<none>',
        '<none>',
        '<none>',
      ]);
      expect(row?.object).toMatchObject({
        kind: 'PartialObjectMetadata',
        metadata: { name: 'whole-table', namespace },
      });
      const list = (await api.send(`${maps}?fieldSelector=metadata.name=whole-a`, { accept: PARTIAL_LIST })).body as {
        kind: string;
        items: { metadata: object }[];
      };
      expect([list.kind, list.items.map((item) => Object.keys(item).toSorted())]).toEqual([
        'PartialObjectMetadataList',
        [['apiVersion', 'kind', 'metadata']],
      ]);
      expect((await api.send(maps, { accept: 'text/html' })).code).toBe(406);
    });

    it('in lists without the kind of each item', async () => {
      const { body } = await api.send(`${maps}?fieldSelector=metadata.name=whole-a`);
      const { kind, items } = body as { kind: string; items: object[] };
      expect([kind, items.map((item) => 'kind' in item)]).toEqual(['ConfigMapList', [false]]);
    });

    it('to people who may not', async () => {
      const { namespace } = at();
      expect((await api.send(`${maps}/whole-a`, { as: 'nobody' })).body).toEqual(
        failure(
          403,
          'Forbidden',
          `configmaps "whole-a" is forbidden: User "nobody" cannot get resource "configmaps" in API group "" in the namespace "${namespace}"`,
          { name: 'whole-a', kind: 'configmaps' },
        ),
      );
    });

    it('to paths that nothing serves', async () => {
      const { namespace } = at();
      expect((await api.send('/apis/nothing.example.com/v1/things')).body).toBe('404 page not found\n');
      expect((await api.send(`/api/v1/namespaces/${namespace}/nothings`)).body).toEqual(
        failure(404, 'NotFound', 'the server could not find the requested resource', {}),
      );
      expect((await api.send(maps, { method: 'PUT', body: {} })).body).toEqual(
        failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {}),
      );
    });
  });
}
