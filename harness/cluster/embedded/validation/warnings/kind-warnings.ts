import { createPrivateKey, X509Certificate } from 'node:crypto';
import { arrayAt, objectAt, stringAt, valueAt } from '../../json.ts';
import type { KubeObject } from '../../kube-object.ts';
import { rangeWarnings } from './address-warnings.ts';
import { fractionWarnings, told } from './pod-warnings.ts';

const STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class';
const MOUNTABLE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

export function nodeWarnings(node: KubeObject): string[] {
  return [
    ...(valueAt(node, 'spec', 'configSource') === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...(stringAt(node, 'spec', 'externalID')
      ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes']
      : []),
    ...arrayAt(node, 'spec', 'podCIDRs').flatMap((range, index) =>
      rangeWarnings(`spec.podCIDRs[${index}]`, String(range)),
    ),
  ];
}

export function claimWarnings(claim: KubeObject): string[] {
  return [
    ...told(
      claim.metadata.annotations ?? {},
      { [STORAGE_CLASS]: 'deprecated since v1.8; use "storageClassName" attribute instead' },
      'metadata.annotations',
    ),
    ...['requests', 'limits'].flatMap((field) => fractionWarnings(claim['spec'], 'spec.resources', field, 'storage')),
  ];
}

const OLD_SOURCES: Readonly<Record<string, string>> = {
  cephfs: 'cephfs: deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'storageOS: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'glusterfs: deprecated in v1.25, non-functional in v1.26+',
  rbd: 'rbd: deprecated in v1.28, non-functional in v1.31+',
};

export function volumeWarnings(volume: KubeObject): string[] {
  const spec = objectAt(volume, 'spec');
  return [
    ...(spec['persistentVolumeReclaimPolicy'] === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...Object.entries(OLD_SOURCES).flatMap(([kind, why]) => (spec[kind] === undefined ? [] : [`spec.${why}`])),
  ];
}

export function networkPolicyWarnings(policy: KubeObject): string[] {
  return (
    [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const
  ).flatMap(([direction, peers]) =>
    arrayAt(policy, 'spec', direction).flatMap((rule, index) =>
      arrayAt(rule, peers).flatMap((peer, at) => {
        const field = `spec.${direction}[${index}].${peers}[${at}].ipBlock`;
        return [
          ...rangeWarnings(`${field}.cidr`, stringAt(peer, 'ipBlock', 'cidr') ?? ''),
          ...arrayAt(peer, 'ipBlock', 'except').flatMap((range, place) =>
            rangeWarnings(`${field}.except[${place}]`, String(range)),
          ),
        ];
      }),
    ),
  );
}

export function serviceAccountWarnings(account: KubeObject, previous?: KubeObject): string[] {
  if (previous?.metadata.annotations?.[MOUNTABLE_SECRETS] !== undefined) return [];
  return told(
    account.metadata.annotations ?? {},
    { [MOUNTABLE_SECRETS]: 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets' },
    'metadata.annotations',
  );
}

/** A key pair that is none. */
export function secretWarnings(secret: KubeObject): string[] {
  if (secret['type'] !== 'kubernetes.io/tls') return [];
  const pem = (name: string): string => Buffer.from(stringAt(secret, 'data', name) ?? '', 'base64').toString('utf8');
  const [certificate, key] = [pem('tls.crt'), pem('tls.key')];
  if (!certificate.includes('-----BEGIN ')) return ['tls: failed to find any PEM data in certificate input'];
  if (!key.includes('-----BEGIN ')) return ['tls: failed to find any PEM data in key input'];
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? [] : ['tls: private key does not match public key'];
  } catch (error) {
    // Differs from kube-apiserver: what is wrong inside of a block is said in Node's words.
    return [`tls: ${(error as Error).message}`];
  }
}
