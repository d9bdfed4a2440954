import { isWavetankError, WavetankError } from '../../core/errors.ts';
import type { PublishedFile, PublishStageReport, StageReport } from '../api/broker-http.ts';
import { objectNames, WORKFLOWS } from '../api/names.ts';
import type { ConfigureReport, PublishReport, StoredResult, WorkFlow } from '../api/workflow.ts';
import type { Archive } from '../archive/archive.ts';
import { archiveKeys } from '../archive/keys.ts';
import type { KubeClient } from '../kubernetes/client.ts';

/** So many results stand in the WorkFlow itself; the whole list is in the archive. An object in the cluster has 1 MB at most. */
const MAX_RESULTS_IN_STATUS = 100;
const MAX_LISTED = 100;
const MAX_TEXT = 500;

export interface ReportDeps {
  readonly client: KubeClient;
  readonly archive: Archive;
  readonly namespace: string;
}

/** Writes what a stage reports into the WorkFlow's status; a repeated report writes the same again. */
export async function recordReport(deps: ReportDeps, jobId: string, { stage, report }: StageReport): Promise<void> {
  const status =
    stage === 'configure'
      ? { reports: { configure: shortConfigureReport(report) } }
      : await publishStatus(deps, jobId, report);
  const ref = { namespace: deps.namespace, name: objectNames.workflow(jobId) };
  await deps.client.mergePatch<WorkFlow>(WORKFLOWS, ref, { status }, { subresource: 'status' });
}

async function publishStatus(deps: ReportDeps, jobId: string, report: PublishStageReport): Promise<object> {
  const { files, ...rest } = report;
  const publish = shortPublishReport(rest);
  if (!report.ok) return { reports: { publish } };
  const results = await storedResults(deps.archive, jobId, files);
  try {
    await deps.archive.putResults(jobId, results);
  } catch (error) {
    // The job ends with it: a list that cannot be kept now can be kept never.
    if (!isWavetankError(error, 'RESULTS_TOO_LARGE')) throw error;
    const { code, message } = error;
    return { reports: { publish: { ...publish, ok: false, code, message } } };
  }
  return { reports: { publish }, results: results.length <= MAX_RESULTS_IN_STATUS ? results : [] };
}

/** The archive's own listing decides what there is: a report cannot name what was never stored. */
async function storedResults(
  archive: Archive,
  jobId: string,
  files: readonly PublishedFile[],
): Promise<StoredResult[]> {
  const sizes = await archive.outputSizes(jobId);
  return files.map(({ path, bytes, sha256, type }, index) => {
    if (type === 'output' && sizes.get(path) !== bytes)
      throw new WavetankError('REPORT_DIFFERS', 'The report names an output that is not in the archive.', {
        category: 'usage',
      });
    const key = type === 'output' ? archiveKeys.output(jobId, path) : archiveKeys.algorithmLog(jobId);
    return { index, filename: path, filesize: bytes, type, sha256, key };
  });
}

function shortConfigureReport(report: ConfigureReport): ConfigureReport {
  return { ...report, ...shortMessage(report), files: report.files.slice(0, MAX_LISTED) };
}

function shortPublishReport(report: PublishReport): PublishReport {
  return { ...report, ...shortMessage(report), refused: report.refused.slice(0, MAX_LISTED) };
}

function shortMessage({ message }: { readonly message?: string }): { message?: string } {
  return message === undefined ? {} : { message: message.slice(0, MAX_TEXT) };
}
