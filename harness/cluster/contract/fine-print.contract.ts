import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import type { RawAnswer } from './raw-api.ts';
import { RawApi } from './raw-api.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** What a comparison request by request finds, and nobody would think of: empty values, warnings, orders of looking. */
export function describeFinePrint(at: () => Connection): void {
  describe('the fine print', () => {
    let api: RawApi;
    let inside: string;
    beforeAll(() => {
      const { config, namespace } = at();
      api = new RawApi(config);
      inside = `/api/v1/namespaces/${namespace}`;
    });
    afterAll(() => api.close());

    const post = (path: string, body: unknown): Promise<RawAnswer> => api.send(path, { method: 'POST', body });
    const patch = (path: string, type: string, body: unknown): Promise<RawAnswer> =>
      api.send(path, { method: 'PATCH', type, body });
    const dryPod = (spec: object, metadata: object = { name: 'fine' }): Promise<RawAnswer> =>
      post(`${inside}/pods?dryRun=All`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: { containers: [{ name: 'main', image: 'example/app:1' }], automountServiceAccountToken: false, ...spec },
      });
    /** Each once: a real server tells a cause as often as its layers find it (docs/fidelity-kubernetes.md). */
    const causes = ({ body }: RawAnswer): string[] => {
      const { details } = body as { details?: { causes?: { field: string; message: string }[] } };
      return [...new Set((details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`))];
    };
    const warnings = ({ headers }: RawAnswer): string[] =>
      [headers['warning'] ?? []]
        .flat()
        .flatMap((text) => text.split(', 299 - ').map((one) => one.replace('299 - ', '')));

    it('an empty text where it is a value of its own is refused', async () => {
      const context = { fsGroupChangePolicy: '', supplementalGroupsPolicy: '', seLinuxChangePolicy: '' };
      expect(causes(await dryPod({ securityContext: context })).toSorted()).toEqual([
        'spec.securityContext.fsGroupChangePolicy: Unsupported value: "": supported values: "Always", "OnRootMismatch"',
        'spec.securityContext.seLinuxChangePolicy: Unsupported value: "": supported values: "Recursive"',
        'spec.securityContext.supplementalGroupsPolicy: Unsupported value: "": supported values: "Merge", "Strict"',
      ]);
      const claim = {
        metadata: { name: 'fine' },
        spec: { accessModes: ['ReadWriteOnce'], volumeMode: '', resources: { requests: { storage: '1Gi' } } },
      };
      expect(causes(await post(`${inside}/persistentvolumeclaims?dryRun=All`, claim))).toEqual([
        'spec.volumeMode: Unsupported value: "": supported values: "Block", "Filesystem"',
      ]);
    });

    it('a generation below zero is refused', async () => {
      const answer = await post(`${inside}/configmaps?dryRun=All`, { metadata: { name: 'fine', generation: -1 } });
      expect(causes(answer)).toEqual(['metadata.generation: Invalid value: -1: must be greater than or equal to 0']);
    });

    it('a pod is accepted with all that is odd about it', async () => {
      const answer = await dryPod({
        containers: [
          {
            name: 'main',
            image: 'example/app:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
              { name: 'A', value: '$(A)3' },
            ],
            ports: [
              { containerPort: 80, name: 'web' },
              { containerPort: 80, hostPort: 8080 },
            ],
          },
        ],
        hostAliases: [{ ip: '::1' }, { ip: '0:0:0:0:0:0:0:2' }, { ip: '::1' }],
        volumes: [
          { name: 'none', projected: { sources: [{}] } },
          {
            name: 'files',
            configMap: {
              name: 'c',
              items: [
                { key: 'a', path: 'd' },
                { key: 'b', path: 'd/e' },
              ],
            },
          },
        ],
      });
      expect(answer.code).toBe(201);
      expect(warnings(answer)).toEqual([
        String.raw`"volume \"none\" (Projected) has no sources provided"`,
        String.raw`"volume \"files\" (ConfigMap \"c\"): overlapping paths: \"d/e\" with \"d\""`,
        String.raw`"spec.hostAliases[2].ip: duplicate ip \"::1\""`,
        String.raw`"spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply"`,
        '"spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]"',
        String.raw`"spec.hostAliases[1].ip: IPv6 address \"0:0:0:0:0:0:0:2\" should be in RFC 5952 canonical format (\"::2\")"`,
      ]);
    });

    it('a range with bits beyond its prefix is accepted with a word', async () => {
      const spec = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.1.2.3/16' } }] }] };
      const policies = `/apis/networking.k8s.io/v1/namespaces/${at().namespace}/networkpolicies?dryRun=All`;
      expect(warnings(await post(policies, { metadata: { name: 'fine' }, spec }))).toEqual([
        String.raw`"spec.ingress[0].from[0].ipBlock.cidr: CIDR value \"10.1.2.3/16\" is ambiguous in this context (should be \"10.1.0.0/16\" or \"10.1.2.3/32\"?)"`,
      ]);
    });

    it('an update of a pod may leave out what admission computed, and a token needs an account', async () => {
      const name = 'fine-update';
      const token = { serviceAccountToken: { path: 'token', audience: 'a' } };
      const created = await post(`${inside}/pods`, {
        metadata: { name },
        spec: {
          containers: [{ name: 'main', image: 'example/app:1' }],
          automountServiceAccountToken: false,
          schedulerName: 'nobody',
          volumes: [{ name: 't', projected: { sources: [token] } }],
        },
      });
      const { spec, ...rest } = created.body as { spec: Record<string, unknown> };
      const put = (changed: object): Promise<RawAnswer> =>
        api.send(`${inside}/pods/${name}`, { method: 'PUT', body: { ...rest, spec: { ...spec, ...changed } } });
      expect((await put({ priority: null, preemptionPolicy: null })).code).toBe(200);
      expect(causes(await put({ serviceAccountName: null, serviceAccount: null }))).toContain(
        'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
      );
      await api.send(`${inside}/pods/${name}?gracePeriodSeconds=0`, { method: 'DELETE' });
    });

    it('a pod pulls with the secrets of its account', async () => {
      const account = { metadata: { name: 'fine-account' }, imagePullSecrets: [{ name: 'p' }] };
      await post(`${inside}/serviceaccounts`, account);
      expect((await dryPod({ serviceAccountName: 'fine-account' })).body).toMatchObject({
        spec: { imagePullSecrets: [{ name: 'p' }] },
      });
      const other = await dryPod({ serviceAccountName: 'a/b' }, { generateName: 'fine-' });
      expect((other.body as { message: string }).message).toBe(
        `pods "fine-" is forbidden: error looking up service account ${at().namespace}/a/b: invalid resource name "a/b": [may not contain '/']`,
      );
    });

    it('a patch for another incarnation is told with all else that is wrong', async () => {
      const maps = `${inside}/configmaps`;
      await post(maps, { metadata: { name: 'fine-uid' }, immutable: true, data: { a: '1' } });
      expect(causes(await patch(`${maps}/fine-uid`, MERGE, { metadata: { uid: 'x' }, data: null })).toSorted()).toEqual(
        [
          'data: Forbidden: field is immutable when `immutable` is set',
          'metadata.uid: Invalid value: "x": field is immutable',
        ],
      );
    });

    it('a claim that waits for a volume is pending, whoever says otherwise', async () => {
      const claims = `${inside}/persistentvolumeclaims`;
      const spec = {
        accessModes: ['ReadWriteOnce'],
        storageClassName: '',
        resources: { requests: { storage: '1Gi' } },
      };
      await post(claims, { metadata: { name: 'fine-claim', labels: { suite: 'fine' } }, spec });
      const { body } = await patch(`${claims}/fine-claim/status`, MERGE, { status: { phase: 'Lost' } });
      const { metadata, status } = body as { metadata: { resourceVersion: string }; status: { phase: string } };
      expect(status.phase).toBe('Lost');
      await api.watch(
        `${claims}?watch=true&labelSelector=suite%3Dfine&resourceVersion=${metadata.resourceVersion}`,
        ({ object }) => (object as { status?: { phase?: string } }).status?.phase === 'Pending',
      );
      const smaller = await patch(`${claims}/fine-claim?dryRun=All`, MERGE, { spec: { resources: null } });
      expect(causes(smaller)).toContain(
        'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
      );
      await api.send(`${claims}/fine-claim`, { method: 'DELETE' });
    });

    it('a strategic patch onto nothing drops every object with a directive', async () => {
      const maps = `${inside}/configmaps`;
      await post(maps, { metadata: { name: 'fine-directive' }, data: { a: '1' } });
      const labels = { $patch: 'merge', app: 'x' };
      const answer = await patch(`${maps}/fine-directive`, STRATEGIC, { metadata: { labels } });
      expect([answer.code, (answer.body as { metadata: object }).metadata]).toEqual([
        200,
        expect.not.objectContaining({ labels: expect.anything() }),
      ]);
      await patch(`${maps}/fine-directive`, STRATEGIC, { metadata: { labels: { tier: 'y' } } });
      expect((await patch(`${maps}/fine-directive`, STRATEGIC, { metadata: { labels } })).body).toMatchObject({
        code: 500,
        message: 'unknown patch type: merge in map: map[$patch:merge app:x]',
      });
    });

    it('a JSON patch copies a field that is not there as null, an element that is not there not at all', async () => {
      const maps = `${inside}/configmaps`;
      await post(maps, { metadata: { name: 'fine-copy', finalizers: ['example.com/a'] }, data: { a: '1' } });
      const copy = (from: string): Promise<RawAnswer> =>
        patch(`${maps}/fine-copy?dryRun=All`, JSON_PATCH, [{ op: 'copy', from, path: '/data/b' }]);
      expect([(await copy('/data/z')).code, (await copy('/metadata/finalizers/1')).code]).toEqual([200, 422]);
      const test = (path: string): Promise<RawAnswer> =>
        patch(`${maps}/fine-copy?dryRun=All`, JSON_PATCH, [{ op: 'test', path, value: null }]);
      expect([(await test('/data/z')).code, (await test('/metadata/labels/z')).code]).toEqual([200, 422]);
      expect((await patch(`${maps}/fine-copy?dryRun=All`, JSON_PATCH, [{ op: 'add', path: '', value: {} }])).code).toBe(
        422,
      );
      await patch(`${maps}/fine-copy`, MERGE, { metadata: { finalizers: null } });
    });

    it('a number beyond 32 bits is taken by its last 32 bits in a strategic patch, and refused elsewhere', async () => {
      const { namespace } = at();
      const events = `${inside}/events`;
      await post(events, { metadata: { name: 'fine-count' }, involvedObject: { kind: 'Pod', name: 'x', namespace } });
      const count = 2 ** 31;
      expect((await patch(`${events}/fine-count`, STRATEGIC, { count })).body).toMatchObject({ count: -count });
      expect((await patch(`${events}/fine-count`, MERGE, { count })).code).toBe(422);
    });

    it('a pod that has ended shows how it ended, also while it goes', async () => {
      const name = 'fine-ended';
      await post(`${inside}/pods`, {
        metadata: { name, finalizers: ['example.com/hold'] },
        spec: { containers: [{ name: 'main', image: 'example/app:1' }], schedulerName: 'nobody' },
      });
      await patch(`${inside}/pods/${name}/status`, MERGE, { status: { phase: 'Failed' } });
      await api.send(`${inside}/pods/${name}`, { method: 'DELETE' });
      const { body } = await api.send(`${inside}/pods/${name}`, { accept: TABLE });
      expect((body as { rows: { cells: unknown[] }[] }).rows[0]?.cells[2]).toBe('Failed');
      await patch(`${inside}/pods/${name}`, MERGE, { metadata: { finalizers: null } });
    });

    it('an address of a pod is one', async () => {
      const name = 'fine-address';
      await post(`${inside}/pods`, {
        metadata: { name },
        spec: { containers: [{ name: 'main', image: 'example/app:1' }], schedulerName: 'nobody' },
      });
      const set = (status: object): Promise<RawAnswer> => patch(`${inside}/pods/${name}/status`, MERGE, { status });
      expect(causes(await set({ podIPs: [{ ip: 'x' }] }))).toEqual([
        'status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ]);
      expect((await set({ podIP: '10.9.8.7' })).body).toMatchObject({ status: { podIPs: [{ ip: '10.9.8.7' }] } });
      expect(causes(await set({ hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] }))).toEqual([
        'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
      ]);
      await api.send(`${inside}/pods/${name}?gracePeriodSeconds=0`, { method: 'DELETE' });
    });

    it('of several wrong types in a patched object the first in the order of names is told', async () => {
      const secrets = `${inside}/secrets`;
      await post(secrets, { metadata: { name: 'fine-secret' }, type: 'Opaque' });
      const answer = await patch(`${secrets}/fine-secret`, MERGE, { type: ['wrong'], immutable: 'wrong' });
      expect(causes(answer)).toEqual([
        expect.stringContaining('json: cannot unmarshal string into Go struct field Secret.immutable of type bool'),
      ]);
    });

    it('of an immutable object an empty map is a change too', async () => {
      const maps = `${inside}/configmaps`;
      await post(maps, { metadata: { name: 'fine-fixed' }, immutable: true, data: { a: '1' } });
      const body = { metadata: { name: 'fine-fixed' }, immutable: true, data: { a: '1' }, binaryData: {} };
      expect(causes(await api.send(`${maps}/fine-fixed`, { method: 'PUT', body }))).toEqual([
        'binaryData: Forbidden: field is immutable when `immutable` is set',
      ]);
    });

    it('of a network policy an empty list in place of none is a new generation', async () => {
      const policies = `/apis/networking.k8s.io/v1/namespaces/${at().namespace}/networkpolicies`;
      await post(policies, { metadata: { name: 'fine-policy' }, spec: { podSelector: {} } });
      const answer = await patch(`${policies}/fine-policy`, MERGE, { spec: { podSelector: { matchLabels: {} } } });
      expect(answer.body).toMatchObject({ metadata: { generation: 2 }, spec: { podSelector: {} } });
    });

    it('a review of a namespace names that namespace and no URL', async () => {
      const { namespace } = at();
      const path = `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`;
      const spec = {
        user: 'nobody',
        resourceAttributes: { namespace: 'other', verb: 'get', resource: 'pods' },
        nonResourceAttributes: { path: '/healthz' },
      };
      expect(causes(await post(path, { spec })).toSorted()).toEqual([
        'spec.nonResourceAttributes: Invalid value: {"Path":"/healthz","Verb":""}: cannot be specified in combination with resourceAttributes',
        'spec.nonResourceAttributes: Invalid value: {"Path":"/healthz","Verb":""}: disallowed on this kind of request',
        'spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
      ]);
    });

    it('a token is asked for an account by its own name and incarnation', async () => {
      const token = (metadata: object): Promise<RawAnswer> =>
        post(`${inside}/serviceaccounts/default/token`, {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata,
          spec: { audiences: ['x'] },
        });
      expect((await token({ name: 'other' })).body).toMatchObject({
        code: 422,
        message:
          'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
      });
      expect((await token({ uid: 'other' })).body).toMatchObject({ code: 409, reason: 'Conflict' });
    });

    it('an event that only a host is known of shows an empty component', async () => {
      const { namespace } = at();
      await post(`${inside}/events`, {
        metadata: { name: 'fine-event' },
        involvedObject: { kind: 'Pod', name: 'x', namespace },
        source: { host: 'here' },
      });
      const { body } = await api.send(`${inside}/events/fine-event`, { accept: TABLE });
      expect((body as { rows: { cells: unknown[] }[] }).rows[0]?.cells[5]).toBe(', here');
    });

    it('an update that would make an object shows the version that it was sent, in a dry run', async () => {
      const leases = `/apis/coordination.k8s.io/v1/namespaces/${at().namespace}/leases/fine-lease?dryRun=All`;
      const put = (metadata: object): Promise<RawAnswer> => api.send(leases, { method: 'PUT', body: { metadata } });
      const answer = await put({ name: 'fine-lease', resourceVersion: '0' });
      expect([answer.code, answer.body]).toEqual([
        201,
        expect.objectContaining({ metadata: expect.objectContaining({ resourceVersion: '0' }) }),
      ]);
    });

    it('a definition is named after what it defines, and its names are labels', async () => {
      const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All';
      const define = (metadata: object, spec: object): Promise<RawAnswer> =>
        post(definitions, {
          metadata,
          spec: {
            group: 'fine.example.com',
            scope: 'Namespaced',
            names: { plural: 'widgets', kind: 'Widget' },
            versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
            ...spec,
          },
        });
      expect(causes(await define({}, {}))).toEqual(['metadata.name: Required value: name or generateName is required']);
      expect(causes(await define({ generateName: 'gen-' }, {}))).toEqual([
        'metadata.generateName: Invalid value: "gen-": must be spec.names.plural+"."+spec.group',
        expect.stringMatching(/^metadata\.name: Invalid value: "gen-.{5}": must be spec\.names\.plural/),
      ]);
      const names = { plural: 'widgets', kind: '1W', shortNames: ['W'], listKind: 'WList' };
      const label = (field: string, value: string, prefix = ''): string =>
        `spec.names.${field}: Invalid value: "${value}": ${prefix}a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;
      expect(causes(await define({ name: 'widgets.fine.example.com' }, { names, scope: '' })).toSorted()).toEqual([
        label('kind', '1W', 'may have mixed case, but should otherwise match: '),
        label('shortNames[0]', 'W'),
        label('singular', '1w'),
        'spec.scope: Required value',
      ]);
      expect(causes(await define({ name: 'widgets.fine.example.com' }, { names: undefined }))).toEqual(
        expect.arrayContaining(
          ['plural', 'singular', 'kind', 'listKind'].map((field) => `spec.names.${field}: Required value`),
        ),
      );
    });

    it('ranges of a node follow its first range, and an old name of it is told', async () => {
      const answer = await post('/api/v1/nodes?dryRun=All', {
        metadata: { name: 'fine-node' },
        spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['wrong'], externalID: 'x' },
      });
      expect([answer.code, (answer.body as { spec: object }).spec, warnings(answer)]).toEqual([
        201,
        expect.objectContaining({ podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] }),
        ['"spec.externalID: this field is deprecated, and is unused by Kubernetes"'],
      ]);
    });
  });
}
