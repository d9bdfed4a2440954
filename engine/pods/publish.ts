/** pod-publish: sends the algorithm's outputs and log to the broker. Sees outputs and logs only, read-only. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedFile, PublishStageReport } from '../api/broker-http.ts';
import { BROKER_ROUTES } from '../api/broker-http.ts';
import { BrokerClient } from './broker-client.ts';
import type { OutputFile, Refused } from './list-outputs.ts';
import { listOutputs } from './list-outputs.ts';
import type { PodLog } from './pod-log.ts';
import type { StageFailure } from './run-stage.ts';
import { runStage, stageFailure } from './run-stage.ts';
import type { Upload } from './upload.ts';
import { uploadAll } from './upload.ts';

await runStage('publish', async (settings, log) => {
  const broker = new BrokerClient(settings);
  let files: PublishedFile[] = [];
  let refused: Refused[] = [];
  let notPublished = 0;
  let failure: StageFailure | undefined;
  try {
    const outputs = join(settings.volume, 'outputs');
    const listed = await listOutputs(outputs, { maxFiles: settings.maxOutputFiles, maxBytes: settings.maxOutputBytes });
    const algorithmLog = await findAlgorithmLog(join(settings.volume, 'logs', 'algorithm.log'), log);
    refused = [...listed.refused, ...algorithmLog.refused];
    notPublished = listed.notPublished + algorithmLog.refused.length;
    files = await uploadAll(broker, [
      ...listed.files.map((file) => outputUpload(outputs, file)),
      ...algorithmLog.uploads,
    ]);
    for (const { path, reason } of refused) log.write('not published', { path, reason });
    if (notPublished > 0) log.write('outputs were left out', { notPublished });
  } catch (error) {
    failure = stageFailure(error);
    log.write('publishing failed', { ...failure });
  }
  const published = files.filter((file) => file.type === 'output').length;
  const report: PublishStageReport = { ok: failure === undefined, ...failure, published, notPublished, refused, files };
  return { broker, report };
});

function outputUpload(outputs: string, { path, size }: OutputFile): Upload {
  return { type: 'output', path, source: join(outputs, path), route: BROKER_ROUTES.output(path), size };
}

/** An algorithm that was stopped before it started has no log; one that put something else in its place has none to show. */
async function findAlgorithmLog(source: string, log: PodLog): Promise<{ uploads: Upload[]; refused: Refused[] }> {
  const stat = await lstat(source).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stat) {
    log.write('the algorithm left no log');
    return { uploads: [], refused: [] };
  }
  if (!stat.isFile() || stat.nlink > 1)
    return { uploads: [], refused: [{ path: 'algorithm.log', reason: 'the log was replaced by something else' }] };
  const route = BROKER_ROUTES.log('algorithm');
  return { uploads: [{ type: 'algorithmLog', path: 'algorithm.log', source, route, size: stat.size }], refused: [] };
}
