import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfficialContract } from './artifacts.ts';
import { OFFICIAL_SOURCES, artifactLookup } from './artifacts.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'wavetank-artifacts-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function put(root: string, name: OfficialContract, content: string): Promise<void> {
  const file = path.join(root, OFFICIAL_SOURCES[name], `${name}.json`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

const mine = (bytecode: string): string => JSON.stringify({ contractName: 'Dispenser', abi: [], bytecode });

describe('artifactLookup', () => {
  it('finds every contract of the deployment in the official package', async () => {
    for (const name of Object.keys(OFFICIAL_SOURCES) as OfficialContract[])
      expect((await artifactLookup()(name)).contractName).toBe(name);
  });

  it("takes a developer's own first, from an artifacts directory or the project around it", async () => {
    await put(directory, 'Dispenser', mine('0x01'));
    expect((await artifactLookup({ contractsDir: directory })('Dispenser')).bytecode).toBe('0x01');
    const project = path.join(directory, 'project');
    await put(path.join(project, 'artifacts'), 'Dispenser', mine('0x02'));
    expect((await artifactLookup({ contractsDir: project })('Dispenser')).bytecode).toBe('0x02');
    const rest = await artifactLookup({ contractsDir: project })('OceanToken');
    expect(rest).toEqual(await artifactLookup()('OceanToken'));
  });

  it('refuses artifacts that cannot be deployed', async () => {
    for (const content of ['{', '{}', mine(''), mine('0x'), mine('0x12__$librarylink$__34')]) {
      await put(directory, 'Dispenser', content);
      const found = artifactLookup({ contractsDir: directory })('Dispenser');
      await expect(found).rejects.toMatchObject({ code: 'CONTRACT_ARTIFACT_INVALID' });
    }
  });
});
