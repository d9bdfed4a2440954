/** pod-configure: fetches every input and the algorithm onto the job's volume, verified, and reports. Runs no foreign code. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurePlan, PlannedFile, PlannedInput } from '../api/broker-http.ts';
import { BROKER_ROUTES } from '../api/broker-http.ts';
import { BrokerClient } from './broker-client.ts';
import { fetchFile } from './fetch-file.ts';
import { inputFolders } from './input-folders.ts';
import type { StageFailure } from './run-stage.ts';
import { runStage, stageFailure } from './run-stage.ts';
import { loadHashing } from './sha256.ts';
import type { PodSettings } from './settings.ts';

interface FileReport {
  did: string;
  index: number;
  bytes: number;
  sha256: string;
  verified: boolean;
}

const FOLDERS = ['inputs', 'ddos', 'transformations', 'outputs', 'logs'];
const PARALLEL_DOWNLOADS = 4;

await runStage('configure', async (settings, log) => {
  const broker = new BrokerClient(settings);
  const files: FileReport[] = [];
  let failure: StageFailure | undefined;
  let failed: 'data' | 'algorithm' = 'data';
  try {
    const asked = broker.json<ConfigurePlan>({ method: 'GET', path: BROKER_ROUTES.plan });
    // The answer is on its way meanwhile; a failure of either is thrown below.
    const [plan] = await Promise.all([asked, makeFolders(settings).then(loadHashing)]);
    const algorithm = provisionAlgorithm(plan, settings, broker);
    // Awaited below: when both fail, the data has the word.
    algorithm.catch(() => undefined);
    files.push(...(await provisionInputs(plan, settings, broker)));
    failed = 'algorithm';
    files.push(...(await algorithm));
    for (const { did, index, bytes, verified } of files) log.write('file provisioned', { did, index, bytes, verified });
  } catch (error) {
    failure = stageFailure(error);
    log.write('provisioning failed', { failed, ...failure });
  }
  return { broker, report: { ok: failure === undefined, ...(failure ? { failed, ...failure } : {}), files } };
});

async function makeFolders({ volume }: PodSettings): Promise<void> {
  await Promise.all(FOLDERS.map((folder) => mkdir(join(volume, folder), { recursive: true })));
}

async function provisionInputs(
  plan: ConfigurePlan,
  settings: PodSettings,
  broker: BrokerClient,
): Promise<FileReport[]> {
  const { volume } = settings;
  const folders = inputFolders(plan.inputs).map((folder) => join(volume, 'inputs', folder));
  const wanted: WantedFile[] = [];
  for (const [i, input] of plan.inputs.entries()) {
    const folder = folders[i] ?? '';
    await mkdir(folder, { recursive: true });
    await writeFile(join(volume, 'ddos', suffixOf(input.did)), input.ddo);
    wanted.push(...filesOf(input, folder));
  }
  await writeFile(join(volume, 'inputs', 'algoCustomData.json'), plan.algoCustomData);
  return fetchAll(broker, wanted);
}

/** A service without a file would leave an algorithm to compute on nothing and call it success. */
function filesOf({ did, index: input, files }: PlannedInput, folder: string): WantedFile[] {
  if (files.length === 0) throw noFiles('A dataset has no file.');
  return files.map((file) => ({
    did,
    file,
    route: BROKER_ROUTES.input(input, file.index),
    target: join(folder, String(file.index)),
  }));
}

async function provisionAlgorithm(
  { algorithm }: ConfigurePlan,
  settings: PodSettings,
  broker: BrokerClient,
): Promise<FileReport[]> {
  const { did, ddo, rawcode, files } = algorithm;
  const folder = join(settings.volume, 'transformations');
  const main = join(folder, 'algorithm');
  if (ddo !== undefined) await writeFile(join(settings.volume, 'ddos', suffixOf(did)), ddo);
  if (rawcode !== undefined) await writeFile(main, rawcode);
  else if (files.length === 0) throw noFiles('The algorithm has no file.');
  const fetched = await fetchAll(
    broker,
    files.map((file) => ({
      did,
      file,
      route: BROKER_ROUTES.input('algorithm', file.index),
      target: file.index === 0 ? main : join(folder, String(file.index)),
    })),
  );
  await chmod(main, 0o755);
  return fetched;
}

interface WantedFile {
  readonly did: string;
  readonly file: PlannedFile;
  readonly route: string;
  readonly target: string;
}

/** A few at a time, so that many small files do not wait for one another. Results are in the order asked; the first failure ends it. */
async function fetchAll(broker: BrokerClient, wanted: readonly WantedFile[]): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  const waiting = wanted.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [i, { did, file, route, target }] of waiting) {
      if (hasFailed) return;
      try {
        reports[i] = { did, index: file.index, ...(await fetchFile(broker, route, target, file)) };
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_DOWNLOADS, wanted.length) }, worker));
  return reports;
}

function noFiles(message: string): Error {
  return Object.assign(new Error(message), { code: 'NO_FILES' });
}

function suffixOf(did: string): string {
  return did.replace(/^did:op:/, '');
}
