import type { ApiCore } from '../api-core.ts';
import type { LogOptions, NodeAccess } from '../api-access.ts';
import { arrayAt, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid, notFound } from '../kube-status.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestInfo } from '../http/request-info.ts';
import { isTrue } from '../http/request-info.ts';
import { NO_CONTENT, write } from '../http/respond.ts';
import { invalid as invalidValue, notSupported } from '../schema/validate/field-causes.ts';
import { canonicalTime, TIME_LAYOUT, TimeError } from '../schema/times.ts';
import type { FieldCause } from '../schema-face.ts';

/** GET pods/{name}/log: text, streamed as the kubelet gives it. */
export async function servePodLog(
  core: ApiCore,
  nodeAccess: NodeAccess | undefined,
  exchange: Exchange,
): Promise<void> {
  const { info, response } = exchange;
  const abort = new AbortController();
  const options = logOptions(info, core, abort.signal);
  const pod = core.store.get('/pods', info.namespace, info.name);
  if (pod === undefined) throw notFound({ group: '', resource: 'pods' }, info.name);
  const container = containerOf(pod, info.query.get('container') ?? '');
  // Nowhere yet: an empty answer rather than a refusal.
  const nodeName = stringAt(pod, 'spec', 'nodeName');
  if (!nodeName) return write(response, NO_CONTENT);
  if (core.store.get('/nodes', undefined, nodeName) === undefined)
    throw notFound({ group: '', resource: 'pods' }, nodeName);
  checkHasStarted(pod, container, options.previous ?? false);
  if (nodeAccess === undefined) return write(response, { code: 200, contentType: 'text/plain', body: '' });
  response.once('close', () => abort.abort());
  const target = {
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name ?? '',
    uid: pod.metadata.uid ?? '',
  };
  const chunks = nodeAccess.containerLogs(target, container, options)[Symbol.asyncIterator]();
  // The first chunk before the headers, so that a refusal of the kubelet still gets its own status code.
  const openEarly = options.follow ? core.clock.after(20, () => openText(exchange)) : undefined;
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      openText(exchange);
      if (response.destroyed) break;
      if (!response.write(next.value)) await drained(exchange);
    }
    openText(exchange);
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    if (!abort.signal.aborted) response.destroy();
  } finally {
    openEarly?.cancel();
    await chunks.return?.();
  }
}

function openText({ response }: Exchange): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
}

function drained({ response }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function containerOf(pod: KubeObject, asked: string): string {
  const name = pod.metadata.name ?? '';
  const names = (field: string): string[] =>
    arrayAt(pod, 'spec', field).map((container) => stringAt(container, 'name') ?? '');
  const [containers, inits] = [names('containers'), names('initContainers')];
  if (asked !== '') {
    if ([...containers, ...inits].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const annotated = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (annotated !== undefined && containers.includes(annotated)) return annotated;
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const init = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${init}`,
  );
}

/** Why there is no log yet, where the kubelet has words of its own for it. */
const WAITING_WORDS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function checkHasStarted(pod: KubeObject, container: string, isPrevious: boolean): void {
  const name = pod.metadata.name ?? '';
  const statuses = [...arrayAt(pod, 'status', 'containerStatuses'), ...arrayAt(pod, 'status', 'initContainerStatuses')];
  const status = statuses.find((item) => stringAt(item, 'name') === container);
  if (isPrevious && valueAt(status, 'lastState', 'terminated') === undefined) {
    throw badRequest(
      `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`,
    );
  }
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  if (status === undefined || (waiting !== undefined && valueAt(status, 'lastState', 'terminated') === undefined)) {
    const why =
      waiting === undefined || waiting === 'ContainerCreating' || waiting === 'PodInitializing'
        ? `${waiting ?? 'ContainerCreating'}`
        : waiting;
    const said = WAITING_WORDS[why] ?? why;
    throw badRequest(
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is waiting to start: ${said}`,
    );
  }
}

function logOptions({ query, name: podName }: RequestInfo, core: ApiCore, signal: AbortSignal): LogOptions {
  const about = { group: '', kind: 'PodLogOptions' };
  const causes: FieldCause[] = [];
  const number = (name: string, least: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    if (value < least) causes.push(invalidValue(name, value, leastWords(least)));
    return value;
  };
  const stream = query.get('stream');
  // Differs from kube-apiserver: the streams are kept as one, so asking for either alone is refused.
  if (stream !== null && stream !== '' && stream !== 'All')
    throw invalid(about, podName, [notSupported('stream', stream, ['All'])]);
  const tailLines = number('tailLines', 0);
  const limitBytes = number('limitBytes', 1);
  const askedSeconds = number('sinceSeconds', 1);
  const sinceTime = sinceTimeFrom(query.get('sinceTime'));
  if (causes.length > 0) throw invalid(about, podName, causes);
  const sinceSeconds =
    sinceTime === undefined ? askedSeconds : Math.max(1, Math.ceil((core.clock.now() - sinceTime) / 1000));
  return {
    signal,
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...given('tailLines', tailLines),
    ...given('limitBytes', limitBytes),
    ...given('sinceSeconds', sinceSeconds),
  };
}

function leastWords(least: number): string {
  return least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
}

function sinceTimeFrom(text: string | null): number | undefined {
  if (text === null) return undefined;
  try {
    return Date.parse(canonicalTime(text, TIME_LAYOUT));
  } catch (error) {
    if (error instanceof TimeError) throw badRequest(error.message);
    throw error;
  }
}

function given(name: 'tailLines' | 'limitBytes' | 'sinceSeconds', value: number | undefined): LogOptions {
  return value === undefined ? {} : { [name]: value };
}
