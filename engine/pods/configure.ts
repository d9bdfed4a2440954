/** pod-configure: fetches every input and the algorithm onto the job's volume, verified, and reports. Runs no foreign code. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurePlan, PlannedInput } from '../api/broker-http.ts';
import { BROKER_ROUTES } from '../api/broker-http.ts';
import { BrokerClient } from './broker-client.ts';
import { fetchFile } from './fetch-file.ts';
import { inputFolders } from './input-folders.ts';
import type { StageFailure } from './run-stage.ts';
import { runStage, stageFailure } from './run-stage.ts';
import type { PodSettings } from './settings.ts';

interface FileReport {
  did: string;
  index: number;
  bytes: number;
  sha256: string;
  verified: boolean;
}

const FOLDERS = ['inputs', 'ddos', 'transformations', 'outputs', 'logs'];

await runStage('configure', async (settings, log) => {
  const broker = new BrokerClient(settings);
  const files: FileReport[] = [];
  let failure: StageFailure | undefined;
  let failed: 'data' | 'algorithm' = 'data';
  try {
    for (const folder of FOLDERS) await mkdir(join(settings.volume, folder), { recursive: true });
    const plan = await broker.json<ConfigurePlan>({ method: 'GET', path: BROKER_ROUTES.plan });
    await provisionInputs(plan, settings, broker, files);
    failed = 'algorithm';
    await provisionAlgorithm(plan, settings, broker, files);
    for (const { did, index, bytes, verified } of files) log.write('file provisioned', { did, index, bytes, verified });
  } catch (error) {
    failure = stageFailure(error);
    log.write('provisioning failed', { failed, ...failure });
  }
  return { broker, report: { ok: failure === undefined, ...(failure ? { failed, ...failure } : {}), files } };
});

async function provisionInputs(
  plan: ConfigurePlan,
  settings: PodSettings,
  broker: BrokerClient,
  files: FileReport[],
): Promise<void> {
  const folders = inputFolders(plan.inputs);
  for (const [i, input] of plan.inputs.entries()) {
    const folder = join(settings.volume, 'inputs', folders[i] ?? '');
    await mkdir(folder, { recursive: true });
    await writeFile(join(settings.volume, 'ddos', suffixOf(input.did)), input.ddo);
    await fetchFiles(input, join(folder), broker, files);
  }
  await writeFile(join(settings.volume, 'inputs', 'algoCustomData.json'), plan.algoCustomData);
}

/** A service without a file would leave an algorithm to compute on nothing and call it success. */
async function fetchFiles(
  input: PlannedInput,
  folder: string,
  broker: BrokerClient,
  files: FileReport[],
): Promise<void> {
  if (input.files.length === 0) throw Object.assign(new Error('A dataset has no file.'), { code: 'NO_FILES' });
  for (const file of input.files) {
    const fetched = await fetchFile(
      broker,
      BROKER_ROUTES.input(input.index, file.index),
      join(folder, String(file.index)),
      file,
    );
    files.push({ did: input.did, index: file.index, ...fetched });
  }
}

async function provisionAlgorithm(
  plan: ConfigurePlan,
  settings: PodSettings,
  broker: BrokerClient,
  files: FileReport[],
): Promise<void> {
  const { algorithm } = plan;
  const folder = join(settings.volume, 'transformations');
  const main = join(folder, 'algorithm');
  if (algorithm.ddo !== undefined)
    await writeFile(join(settings.volume, 'ddos', suffixOf(algorithm.did)), algorithm.ddo);
  if (algorithm.rawcode !== undefined) await writeFile(main, algorithm.rawcode);
  else if (algorithm.files.length === 0)
    throw Object.assign(new Error('The algorithm has no file.'), { code: 'NO_FILES' });
  for (const file of algorithm.files) {
    const target = file.index === 0 ? main : join(folder, String(file.index));
    const fetched = await fetchFile(broker, BROKER_ROUTES.input('algorithm', file.index), target, file);
    files.push({ did: algorithm.did, index: file.index, ...fetched });
  }
  await chmod(main, 0o755);
}

function suffixOf(did: string): string {
  return did.replace(/^did:op:/, '');
}
