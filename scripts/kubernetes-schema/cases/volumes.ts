import type { Sample } from '../samples.ts';
import { podOf } from '../samples.ts';
import type { Json } from '../schema-walk.ts';

function volume(name: string, source: Json): Sample {
  return { resource: 'pods', name: `volume: ${name}`, object: podOf('a', { volumes: [{ name: 'v', ...source }] }) };
}

const projected = (name: string, source: Json): Sample =>
  volume(`projected ${name}`, { projected: { sources: [source] } });
const CLAIM_SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

export const VOLUME_CASES: readonly Sample[] = [
  volume('without a source', {}),
  volume('without a name', { name: '', emptyDir: {} }),
  volume('name in capitals', { name: 'V', emptyDir: {} }),
  volume('name with a dot', { name: 'a.b', emptyDir: {} }),
  volume('of two sources', { emptyDir: {}, hostPath: { path: '/a' } }),
  volume('source unknown', { tmpfs: {} }),
  volume('source null', { emptyDir: null, configMap: { name: 'c' } }),
  {
    resource: 'pods',
    name: 'volume: the same name twice',
    object: podOf('a', {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    }),
  },
  volume('emptyDir with a negative size', { emptyDir: { sizeLimit: '-1' } }),
  volume('emptyDir with a medium unknown', { emptyDir: { medium: 'Disk' } }),
  volume('emptyDir of a wrong type', { emptyDir: true }),
  volume('emptyDir with a size in odd form', { emptyDir: { sizeLimit: '1024Ki' } }),
  ...[
    'Ki',
    '+',
    'x',
    '--1',
    '007',
    '0',
    '1m5',
    '12e5',
    '1000',
    '1500',
    '1E3',
    '.5',
    '5.',
    '+5',
    '0.1n',
    '1.1.1',
    '1ee5',
    '.',
    '1 ',
    '0.5Ki',
    '1.5Gi',
    '100k',
    '1000m',
    '-0',
  ].map((size) => volume(`emptyDir of size ${JSON.stringify(size)}`, { emptyDir: { sizeLimit: size } })),
  volume('hostPath without a path', { hostPath: {} }),
  volume('hostPath upwards', { hostPath: { path: '/a/../b' } }),
  volume('hostPath type unknown', { hostPath: { path: '/a', type: 'Folder' } }),
  volume('hostPath directory', { hostPath: { path: '/a', type: 'DirectoryOrCreate' } }),
  volume('configMap without a name', { configMap: {} }),
  volume('configMap with a mode too large', { configMap: { name: 'c', defaultMode: 512 } }),
  volume('configMap with a negative mode', { configMap: { name: 'c', defaultMode: -1 } }),
  volume('configMap item without key and path', { configMap: { name: 'c', items: [{}] } }),
  volume('configMap item upwards', { configMap: { name: 'c', items: [{ key: 'a', path: '../b', mode: 600 }] } }),
  volume('configMap item absolute', { configMap: { name: 'c', items: [{ key: 'a', path: '/b' }] } }),
  volume('configMap item ..b', { configMap: { name: 'c', items: [{ key: 'a', path: '..b' }] } }),
  volume('secret without a name', { secret: {} }),
  volume('secret with a mode too large', { secret: { secretName: 's', defaultMode: 1000 } }),
  volume('secret optional', { secret: { secretName: 's', optional: true, defaultMode: 256 } }),
  volume('claim without a name', { persistentVolumeClaim: {} }),
  volume('claim read-only', { persistentVolumeClaim: { claimName: 'c', readOnly: true } }),
  volume('downwardAPI without a source', { downwardAPI: { items: [{ path: 'a' }] } }),
  volume('downwardAPI without a path', { downwardAPI: { items: [{ fieldRef: { fieldPath: 'metadata.name' } }] } }),
  volume('downwardAPI with a field not offered', {
    downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] },
  }),
  volume('downwardAPI with two sources', {
    downwardAPI: {
      items: [
        {
          path: 'a',
          fieldRef: { fieldPath: 'metadata.name' },
          resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' },
        },
      ],
    },
  }),
  volume('downwardAPI without a container', {
    downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] },
  }),
  volume('projected nothing', { projected: {} }),
  projected('without a source', {}),
  projected('two sources in one', { secret: { name: 's' }, configMap: { name: 'c' } }),
  projected('secret without a name', { secret: {} }),
  projected('configMap without a name', { configMap: {} }),
  projected('token without a path', { serviceAccountToken: {} }),
  projected('token too short-lived', { serviceAccountToken: { path: 'token', expirationSeconds: 60 } }),
  projected('token for an audience', {
    serviceAccountToken: { path: 'token', audience: 'broker', expirationSeconds: 600 },
  }),
  volume('projected two at one path', {
    projected: {
      sources: [
        { secret: { name: 's', items: [{ key: 'a', path: 'x' }] } },
        { configMap: { name: 'c', items: [{ key: 'a', path: 'x' }] } },
      ],
    },
  }),
  volume('ephemeral without a template', { ephemeral: {} }),
  volume('ephemeral with a name', {
    ephemeral: { volumeClaimTemplate: { metadata: { name: 'n', labels: { a: 'b' } }, spec: CLAIM_SPEC } },
  }),
  volume('nfs without anything', { nfs: {} }),
  volume('csi without a driver', { csi: {} }),
];
