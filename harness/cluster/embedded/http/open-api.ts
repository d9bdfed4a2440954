import { createHash } from 'node:crypto';
import type { ApiCore } from '../api-core.ts';
import { customOpenApi } from '../crd/open-api.ts';
import type { Answer } from './respond.ts';
import { jsonAnswer, PAGE_NOT_FOUND } from './respond.ts';

/** /openapi/v3 and its documents. Differs from kube-apiserver: /openapi/v2, which newer clients no longer need, is not served. */
export function openApiAnswer(core: ApiCore, path: string): Answer | undefined {
  if (path === '/openapi/v3' || path === '/openapi/v3/') return jsonAnswer(200, index(core));
  if (!path.startsWith('/openapi/v3/')) return undefined;
  const document = documentOf(core, path.slice('/openapi/v3/'.length));
  return document === undefined ? PAGE_NOT_FOUND : jsonAnswer(200, document);
}

function index(core: ApiCore): unknown {
  const paths = new Set(
    core.resources.all().map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
  );
  const entries = [...paths].map((path) => {
    const hash = createHash('sha256')
      .update(documentOf(core, path) ?? '')
      .digest('hex')
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(entries) as unknown };
}

function documentOf(core: ApiCore, path: string): string | undefined {
  const [root, ...parts] = path.split('/');
  const [group = '', version = ''] = root === 'api' ? ['', ...parts] : parts;
  if (!core.resources.hasGroupVersion(group, version)) return undefined;
  const builtIn = core.schema.openApiV3(path);
  if (builtIn !== undefined) return builtIn;
  const served = core.resources
    .all()
    .filter((resource) => resource.custom && resource.group === group && resource.version === version);
  return served.length === 0 ? undefined : JSON.stringify(customOpenApi(group, version, served));
}
