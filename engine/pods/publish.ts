/** pod-publish: sends the algorithm's outputs and log to the broker. Sees outputs and logs only, read-only. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BROKER_ROUTES } from '../api/broker-http.ts';
import { BrokerClient } from './broker-client.ts';
import type { Refused } from './list-outputs.ts';
import { listOutputs } from './list-outputs.ts';
import type { PodLog } from './pod-log.ts';
import type { StageFailure } from './run-stage.ts';
import { runStage, stageFailure } from './run-stage.ts';
import { upload, uploadAll } from './upload.ts';

await runStage('publish', async (settings, log) => {
  const broker = new BrokerClient(settings);
  let published = 0;
  let refused: Refused[] = [];
  let failure: StageFailure | undefined;
  try {
    const outputs = join(settings.volume, 'outputs');
    const listed = await listOutputs(outputs, { maxFiles: settings.maxOutputFiles, maxBytes: settings.maxOutputBytes });
    refused = listed.refused;
    await uploadAll(listed.files, (file) =>
      upload(broker, BROKER_ROUTES.output(file.path), join(outputs, file.path), file.size),
    );
    published = listed.files.length;
    refused.push(...(await uploadAlgorithmLog(broker, join(settings.volume, 'logs', 'algorithm.log'), log)));
    for (const { path, reason } of refused) log.write('not published', { path, reason });
  } catch (error) {
    failure = stageFailure(error);
    log.write('publishing failed', { ...failure });
  }
  return { broker, report: { ok: failure === undefined, ...failure, published, refused } };
});

/** An algorithm that was stopped before it started has no log; one that put something else in its place has none to show. */
async function uploadAlgorithmLog(broker: BrokerClient, path: string, log: PodLog): Promise<Refused[]> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stat) {
    log.write('the algorithm left no log');
    return [];
  }
  if (!stat.isFile() || stat.nlink > 1)
    return [{ path: 'algorithm.log', reason: 'the log was replaced by something else' }];
  await upload(broker, BROKER_ROUTES.log('algorithm'), path, stat.size);
  return [];
}
