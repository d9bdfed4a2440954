import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { WavetankError } from '../core/errors.ts';
import type { ApiClient } from './kubernetes-schema/api-client.ts';
import { connectToApi, getDocument } from './kubernetes-schema/api-client.ts';
import type { KindList } from './kubernetes-schema/discovery.ts';
import { readDiscovery } from './kubernetes-schema/discovery.ts';
import { readColumns } from './kubernetes-schema/columns.ts';
import { probeGoTypes } from './kubernetes-schema/go-types.ts';
import { measureTypes } from './kubernetes-schema/measure.ts';
import { readOpenApi } from './kubernetes-schema/openapi.ts';
import { readTables, writtenStatuses } from './kubernetes-schema/tables.ts';
import { inNamespace, writeVectors } from './kubernetes-schema/vectors.ts';

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
  const api = await connectToApi(values.kubeconfig);
  try {
    await inNamespace(api, () => generate(api, list, values.out));
  } finally {
    await api.close();
  }
}

async function generate(api: ApiClient, list: KindList, folder: string): Promise<void> {
  const { major, minor, gitVersion } = await getDocument(api, '/version');
  const kinds = await readDiscovery(api, list);
  const openApi = await readOpenApi(api, kinds);
  const goTypes = await probeGoTypes(api, openApi, kinds);
  const tables = await readTables(api, kinds);
  const measured = await measureTypes(api, openApi, kinds, writtenStatuses(kinds, tables));
  const files: Record<string, unknown> = {
    'kinds.json': { version: { major, minor, gitVersion }, kinds },
    'definitions.json': openApi.definitions,
    'paths.json': openApi.paths,
    'measured.json': { goTypes, ...measured },
    'tables.json': tables,
    'columns.json': await readColumns(api, kinds),
  };
  for (const [name, value] of Object.entries(files)) await writeJson(path.join(folder, 'generated', name), value);
  await writeVectors(api, kinds, path.join(folder, 'generated/vectors'));
}

await main();
