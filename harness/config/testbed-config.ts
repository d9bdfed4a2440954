import { statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { WavetankError } from '../../core/errors.ts';
import { oceanSettings } from './ocean-settings.ts';
import type { ResolvedTestbedConfig } from './resolved-config.ts';

const chainIdSchema = z.int().positive();

/** What users may say. Everything has a default; a key that is not known is a mistake and no wish. */
export const testbedConfigSchema = z.strictObject({
  ...oceanSettings,
  /** Where `<instance>/` folders and caches lie. Default `.wavetank` in the working directory. */
  stateRoot: z.string().min(1).default('.wavetank'),
  /** Name of this testbed among several. Default: a random one. */
  instance: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be lower-case letters, digits and hyphens')
    .optional(),
  backend: z.enum(['embedded', 'kind', 'existing']).default('embedded'),
  storage: z.enum(['embedded', 'minio', 'existing']).default('embedded'),
  chainId: chainIdSchema.default(8996),
  /** `NAME[:TAG][@DIGEST]=LOCAL` for images that this machine cannot pull. */
  images: z.array(z.string().regex(/^[^=]+=.+$/, 'must be NAME[:TAG][@DIGEST]=LOCAL')).default([]),
  /** `URL=DIR`: local files answer for outside URLs with this prefix. */
  mirrors: z.array(z.string().regex(/^https?:\/\/.+=.+$/, 'must be URL=DIR')).default([]),
  /** Absent: the best that this machine allows. `none` runs without isolation. */
  launcher: z.enum(['util-linux', 'none']).optional(),
  /** How clusters of the kind backend are made. */
  kind: z
    .strictObject({
      /** `kind create cluster --image`. */
      nodeImage: z.string().min(1).default('kindest/node:v1.34.4'),
      /** How Services are made: kind's own standard needs an iptables with every match, `nftables` Linux 5.13. */
      proxyMode: z.enum(['iptables', 'nftables']).default('iptables'),
      /** What the image of our own pods is built on: any image with Node 24 and a shell. Algorithms get it as `node:24`. */
      baseImage: z.string().min(1).default('node:24-slim'),
      /** Takes the cluster that was kept for these settings, or makes one and keeps it. */
      reuse: z.boolean().default(false),
      /** Lets the cluster pull images that it was not given. */
      pull: z.boolean().default(false),
    })
    .prefault({}),
  /** A cluster that is there already, for the existing backend. */
  cluster: z
    .strictObject({
      /** Read, and never written; its current context counts. */
      kubeconfig: z.string().min(1).optional(),
      /** Of the jobs. One that is there is used and stays. Absent: an own one, removed at the end. */
      namespace: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a name of a namespace')
        .optional(),
      /** The address of this machine for pods of the cluster. Absent: the one by which this machine reaches it. */
      advertise: z.string().min(1).optional(),
    })
    .prefault({}),
  /** An S3 that is there already, for the existing storage. Its keys are no part of the configuration. */
  s3: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }),
      /** One that is there. Absent: buckets are made, and removed at the end. */
      bucket: z.string().min(3).max(63).optional(),
      region: z.string().min(1).default('us-east-1'),
    })
    .optional(),
  /** MinIO of the minio storage. */
  minio: z
    .strictObject({
      /** It must be there: nothing is pulled. */
      image: z.string().min(1).default('quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z'),
    })
    .prefault({}),
  /** A chain that is there already, instead of one of our own. */
  rpc: z
    .strictObject({
      url: z.url(),
      /** Where Ocean's contracts are on it. Absent: they are deployed there. */
      addressFile: z.string().min(1).optional(),
      /** Private keys, one per line, or a phrase; the first pays. Absent: the classic test accounts. */
      keyFile: z.string().min(1).optional(),
    })
    .optional(),
  /** A protocol developer's own Hardhat artifacts. */
  contractsDir: z.string().min(1).optional(),
  /** Where the address file for outside clients goes. Default: the instance's folder. */
  addressFile: z.string().min(1).optional(),
  /** Size of the compute environments. */
  environment: z
    .strictObject({
      /** Gigabytes of memory for one job. */
      ramGb: z.number().positive().max(1024).default(1),
      /** Gigabytes of volume for one job. */
      diskGb: z.number().positive().max(1024).default(1),
      /** Longest log of one job; what is more is dropped with a notice. */
      logCapBytes: z
        .int()
        .min(1024)
        .default(10 * 1024 * 1024),
      /** Whole seconds that an algorithm has after TERM, before it is killed. */
      terminationGraceSeconds: z.int().min(1).max(600).default(10),
    })
    .prefault({}),
  /** Seconds that an ended job's WorkFlow stays in the cluster once its record is in the archive. */
  retentionSeconds: z.number().min(0).max(604_800).default(3600),
  /** Seconds between blocks. Default: every transaction is mined at once. */
  blockTimeSeconds: z.number().positive().optional(),
});

export type TestbedConfig = z.input<typeof testbedConfigSchema>;

/**
 * Checks and completes a configuration.
 * @throws WavetankError CONFIG_INVALID (usage) naming every problem at once
 */
export function resolveTestbedConfig(config: TestbedConfig, newInstance: () => string): ResolvedTestbedConfig {
  const checked = testbedConfigSchema.safeParse(config);
  if (!checked.success) {
    throw invalid(checked.error.issues.map((issue) => `${issue.path.join('.') || 'config'}: ${issue.message}`));
  }
  const { data } = checked;
  const stateRoot = path.resolve(data.stateRoot);
  const instance = data.instance ?? newInstance();
  const mirrors = data.mirrors.map(splitMirror);
  // A folder that is not there would quietly change nothing.
  const missing = [
    ...mirrors.flatMap(({ dir }, i) => (isFolder(dir) ? [] : [`mirrors.${i}: there is no folder ${dir}`])),
    ...(data.rpc !== undefined && data.blockTimeSeconds !== undefined
      ? ['blockTimeSeconds: the chain at rpc.url makes its blocks itself']
      : []),
    ...(data.rpc !== undefined && data.ports.chain !== undefined
      ? ['ports.chain: the chain at rpc.url has its own']
      : []),
    ...clusterProblems(data),
    ...(data.storage === 'existing' && data.s3 === undefined ? ['s3: the existing storage needs a URL (--s3)'] : []),
    ...(data.storage !== 'existing' && data.s3 !== undefined ? ['s3: it is for the existing storage (--storage)'] : []),
    ...(data.contractsDir === undefined || isFolder(data.contractsDir)
      ? []
      : [`contractsDir: there is no folder ${path.resolve(data.contractsDir)}`]),
  ];
  if (missing.length > 0) throw invalid(missing);
  return { ...data, stateRoot, instance, mirrors };
}

function invalid(problems: readonly string[]): WavetankError {
  return new WavetankError('CONFIG_INVALID', `The configuration is not valid: ${problems.join('; ')}.`, {
    category: 'usage',
    details: { problems },
  });
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function clusterProblems({ backend, cluster, providers }: z.output<typeof testbedConfigSchema>): string[] {
  const given = Object.values(cluster).some((value) => value !== undefined);
  if (backend !== 'existing') return given ? ['cluster: it is for the existing backend (--backend)'] : [];
  return [
    ...(cluster.kubeconfig === undefined ? ['cluster: the existing backend needs a file (--kubeconfig)'] : []),
    ...(cluster.namespace !== undefined && providers > 1
      ? ['cluster.namespace: each of several Providers needs a namespace of its own']
      : []),
  ];
}

/** At the last `=`: URLs have them too, folders seldom. */
function splitMirror(text: string): { prefix: string; dir: string } {
  const at = text.lastIndexOf('=');
  return { prefix: text.slice(0, at), dir: path.resolve(text.slice(at + 1)) };
}
