import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { WavetankError } from '../core/errors.ts';
import { connectToApi, getDocument } from './kubernetes-schema/api-client.ts';
import type { KindList } from './kubernetes-schema/discovery.ts';
import { readDiscovery } from './kubernetes-schema/discovery.ts';
import { readOpenApi } from './kubernetes-schema/openapi.ts';

const SCHEMA_FOLDER = path.join(import.meta.dirname, '../harness/cluster/embedded/schema');

async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value)}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kubeconfig: { type: 'string' }, out: { type: 'string', default: SCHEMA_FOLDER } },
  });
  if (values.kubeconfig === undefined) {
    throw new WavetankError('USAGE', 'generate-kubernetes-schema.ts --kubeconfig FILE [--out DIR]', {
      category: 'usage',
    });
  }
  const list = JSON.parse(await readFile(path.join(SCHEMA_FOLDER, 'kinds.json'), 'utf8')) as KindList;
  const generated = path.join(values.out, 'generated');
  const api = await connectToApi(values.kubeconfig);
  try {
    const { major, minor, gitVersion } = await getDocument(api, '/version');
    const kinds = await readDiscovery(api, list);
    const openApi = await readOpenApi(api, kinds);
    await writeJson(path.join(generated, 'kinds.json'), { version: { major, minor, gitVersion }, kinds });
    await writeJson(path.join(generated, 'definitions.json'), openApi.definitions);
    await writeJson(path.join(generated, 'paths.json'), openApi.paths);
  } finally {
    await api.close();
  }
}

await main();
