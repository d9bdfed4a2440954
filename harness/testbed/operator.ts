import path from 'node:path';
import type { Seams } from '../../core/seams.ts';
import type { ComputeEnvironmentSpec } from '../../engine/api/workflow.ts';
import type { RunningJobBroker } from '../../engine/job-broker/start.ts';
import type { RunningOperatorEngine } from '../../engine/operator-engine/start.ts';
import type { RunningOperatorService } from '../../engine/operator-service/start.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import type { CapabilityName } from '../cluster/cluster.ts';
import type { LabCluster } from '../cluster/lab-cluster.ts';
import { writePrivateFile } from './endpoints.ts';
import type { LabStorage } from '../storage/lab-storage.ts';
import type { StartContext } from './start-context.ts';
import { Restartable } from './restartable.ts';

export const ENVIRONMENTS = { free: 'ocean-compute', paid: 'ocean-compute-env2' } as const;
const PRICE_PER_MINUTE = 1;
/** Without these a job of a data owner must not run where isolation is required. */
const REQUIRED_CAPABILITIES: readonly CapabilityName[] = ['network', 'readonly', 'user'];

export interface OperatorInputs {
  readonly cluster: LabCluster;
  readonly storage: LabStorage;
  /** Of its jobs. */
  readonly namespace: string;
  /** Tells the parts of one operator from another's; empty for the first. */
  readonly suffix: string;
  /** Of the Operator Service; default: a free one. */
  readonly port?: number;
  /** Consumer of the environments' orders. */
  readonly environmentAddress: string;
  readonly providerAddress: string;
  /** Private key of `environmentAddress`: other Providers' files are downloaded in its name. */
  readonly environmentKey: string;
  /** Address of every other Provider whose files this operator fetches, and where it answers once it runs. */
  readonly inputProviders: Readonly<Record<string, () => string>>;
  /** Asked when a broker starts: where the Provider answers. */
  readonly providerUrl: () => string;
}

export interface LabOperator {
  readonly service: Restartable<RunningOperatorService>;
  readonly broker: Restartable<RunningJobBroker>;
  readonly engine: Restartable<RunningOperatorEngine>;
}

type ProductName = 'operator-service' | 'operator-engine' | 'job-broker';

/** What one component gets: its own connections, its own name in the log. */
export function newSeams({ clock, entropy, native, log, newNet }: StartContext, part: string): () => Seams {
  return () => ({ clock, entropy, native, net: newNet(part), log: log.of(part) });
}

/** The two environments and the rights of the three components. The client is the administrator's: no product gets it. */
export function installStage(context: StartContext, inputs: OperatorInputs): Promise<KubeClient> {
  const { stages, net } = context;
  return stages.run('operator installation', async () => {
    const [{ installOperator }, { createKubeClient }] = await Promise.all([
      import('../../engine/deploy/install.ts'),
      import('../../engine/kubernetes/client.ts'),
    ]);
    const admin = await createKubeClient({ kubeconfigPath: inputs.cluster.kubeconfigPath, net });
    await installOperator(admin, {
      ...inputs.cluster.install,
      namespace: inputs.namespace,
      environments: {
        [ENVIRONMENTS.free]: environmentSpec(context, inputs, 0),
        [ENVIRONMENTS.paid]: environmentSpec(context, inputs, PRICE_PER_MINUTE),
      },
    });
    return admin;
  });
}

/** Not started yet: the broker's port must be known before the engine starts. */
export async function createOperator(context: StartContext, inputs: OperatorInputs): Promise<LabOperator> {
  const { cluster, storage, providerAddress, namespace, suffix } = inputs;
  const access = {
    endpoint: storage.s3.endpoint,
    region: storage.s3.region,
    resultsBucket: storage.buckets.results,
    adminBucket: storage.buckets.adminLogs,
  };
  const kubeconfig = (name: ProductName): Promise<string> => productKubeconfig(context, inputs, name);
  const [serviceKubeconfig, brokerKubeconfig, engineKubeconfig] = await Promise.all([
    kubeconfig('operator-service'),
    kubeconfig('job-broker'),
    kubeconfig('operator-engine'),
  ]);
  const gate = await cluster.gate();
  const service = new Restartable<RunningOperatorService>(
    newSeams(context, `operator-service${suffix}`),
    async (seams, last) => {
      const { startOperatorService } = await import('../../engine/operator-service/start.ts');
      return startOperatorService({
        seams,
        kubeconfigPath: serviceKubeconfig,
        namespace,
        storage: { ...access, ...storage.operatorService },
        allowedProviders: [providerAddress],
        inputProviders: Object.keys(inputs.inputProviders),
        listen: { port: last?.port ?? inputs.port ?? 0 },
      });
    },
  );
  const broker = new Restartable<RunningJobBroker>(newSeams(context, `job-broker${suffix}`), async (seams, last) => {
    const { startJobBroker } = await import('../../engine/job-broker/start.ts');
    return startJobBroker({
      seams,
      kubeconfigPath: brokerKubeconfig,
      namespace,
      storage: { ...access, ...storage.broker },
      allowedProviders: { [providerAddress]: [inputs.providerUrl()] },
      inputProviders: () =>
        Object.fromEntries(Object.entries(inputs.inputProviders).map(([address, url]) => [address, [url()]])),
      environmentKeys: [inputs.environmentKey],
      listen: { port: last?.port ?? 0, alsoOn: cluster.listenHosts },
    });
  });
  const engine = new Restartable<RunningOperatorEngine>(
    newSeams(context, `operator-engine${suffix}`),
    async (seams) => {
      const { startOperatorEngine } = await import('../../engine/operator-engine/start.ts');
      const { port } = broker.current;
      const host = cluster.hostAddressFromPods;
      return startOperatorEngine({
        seams,
        kubeconfigPath: engineKubeconfig,
        namespace,
        podsImage: cluster.pods.image,
        podsCommand: cluster.pods.command,
        brokerUrlForPods: `http://${host}:${port}`,
        brokerEgress: { cidr: `${host}/32`, port },
        ...cluster.engine,
        gate,
        isolation: isolationOf(inputs),
        capabilities: Object.fromEntries(
          Object.entries(cluster.capabilities).map(([name, { enforcement }]) => [name, enforcement]),
        ),
        requiredCapabilities: REQUIRED_CAPABILITIES,
        logCapBytes: context.config.environment.logCapBytes,
        terminationGraceSeconds: context.config.environment.terminationGraceSeconds,
        retentionSeconds: context.config.retentionSeconds,
      });
    },
  );
  return { service, broker, engine };
}

/** A file of its own per component, with the rights of its service account and no more. */
async function productKubeconfig(
  { folder }: StartContext,
  { cluster, namespace, suffix }: OperatorInputs,
  name: ProductName,
): Promise<string> {
  const file = path.join(folder, `${name}${suffix}.kubeconfig`);
  writePrivateFile(file, await cluster.kubeconfigOf(name, namespace));
  return file;
}

export function isolationOf({ cluster }: Pick<OperatorInputs, 'cluster'>): 'required' | 'best-effort' {
  const canIsolate = REQUIRED_CAPABILITIES.every((name) => cluster.capabilities[name].enforcement === 'enforced');
  return canIsolate ? 'required' : 'best-effort';
}

function environmentSpec({ config }: StartContext, inputs: OperatorInputs, priceMin: number): ComputeEnvironmentSpec {
  return {
    description: priceMin === 0 ? 'Free of charge' : 'Paid by the minute',
    cpuNumber: 1,
    cpuType: '',
    gpuNumber: 0,
    gpuType: '',
    ramGb: config.environment.ramGb,
    diskGb: config.environment.diskGb,
    priceMin,
    maxJobs: 200,
    maxJobDurationSeconds: 3600,
    storageExpirySeconds: 0,
    consumerAddress: inputs.environmentAddress,
    allowedChainIds: [],
    isolation: isolationOf(inputs),
  };
}
