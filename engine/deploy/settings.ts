import { z } from 'zod';
import { parse } from 'yaml';
import { WavetankError } from '../../core/errors.ts';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a name as Kubernetes takes it');
const image = z.string().min(1);

const addressText = z.string().regex(/^0x[\da-fA-F]{40}$/);

const environmentSchema = z.strictObject({
  description: z.string().default(''),
  cpuNumber: z.number().positive(),
  cpuType: z.string().default(''),
  gpuNumber: z.int().min(0).default(0),
  gpuType: z.string().default(''),
  /** Gigabytes. */
  ramGb: z.number().positive(),
  diskGb: z.number().positive(),
  priceMin: z.number().min(0).default(0),
  maxJobs: z.int().positive(),
  maxJobDurationSeconds: z.int().positive(),
  /** 0 keeps results for ever. */
  storageExpirySeconds: z.int().min(0).default(0),
  consumerAddress: addressText,
  /** Empty: every chain. */
  allowedChainIds: z.array(z.int().positive()).default([]),
});

/** What the owner of a cluster decides. */
export const deploySettingsSchema = z.strictObject({
  /** Where jobs run: nothing else should. */
  jobsNamespace: name.default('ocean-jobs'),
  /** Where the operator itself runs, out of the jobs' sight. */
  operatorNamespace: name.default('ocean-operator'),
  /** Of the operator and of the jobs' own pods: one for all. */
  image,
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  s3: z.strictObject({
    endpoint: z.url(),
    region: z.string().default('us-east-1'),
    resultsBucket: z.string().min(3),
    adminBucket: z.string().min(3),
    /** Secrets in the operator's namespace, each with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
    brokerSecret: name.default('s3-job-broker'),
    serviceSecret: name.default('s3-operator-service'),
  }),
  /** Address of each Provider that may bring jobs, and the URLs that its files come from. */
  providers: z.record(addressText, z.array(z.url()).min(1)),
  /** Other Providers whose files jobs may read, downloaded in the environment's name, and their URLs. */
  inputProviders: z.record(addressText, z.array(z.url()).min(1)).default({}),
  /** Secret in the operator's namespace with ENVIRONMENT_KEYS; needed where there are `inputProviders`. */
  environmentKeysSecret: name.default('environment-keys'),
  /** `probe`: foreign code starts only when a canary in the operator's namespace could not be reached. */
  gate: z.enum(['probe', 'none']).default('probe'),
  isolation: z.enum(['required', 'best-effort']).default('required'),
  /** As `wavetank doctor --kubeconfig` measured them in this cluster. */
  capabilities: z.record(z.string(), z.enum(['enforced', 'recorded', 'absent'])).default({}),
  storageClass: z.string().default(''),
  engineReplicas: z.int().min(1).max(5).default(2),
  brokerReplicas: z.int().min(1).max(10).default(2),
  serviceReplicas: z.int().min(1).max(10).default(1),
  environments: z.record(name, environmentSchema).default({}),
});

export type DeploySettings = z.output<typeof deploySettingsSchema>;

/** @throws WavetankError DEPLOY_SETTINGS_INVALID (usage) naming every problem at once */
export function parseDeploySettings(yaml: string): DeploySettings {
  let document: unknown;
  try {
    document = parse(yaml);
  } catch (cause) {
    throw invalid(['the file is no YAML'], cause);
  }
  const checked = deploySettingsSchema.safeParse(document);
  if (checked.success) return checked.data;
  throw invalid(checked.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`));
}

function invalid(problems: readonly string[], cause?: unknown): WavetankError {
  return new WavetankError('DEPLOY_SETTINGS_INVALID', `The settings are not valid: ${problems.join('; ')}.`, {
    category: 'usage',
    details: { problems },
    ...(cause === undefined ? {} : { cause }),
  });
}
