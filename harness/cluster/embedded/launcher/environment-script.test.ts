import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { environmentFile, execWithEnvironment } from './environment-script.ts';
import type { Bench } from './sandbox.testing.ts';
import { startBench } from './sandbox.testing.ts';

describe('the environment of a container', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const needsIsolation = (skip: (reason: string) => void): void => {
    if (!bench.launcher.facts.isolated) skip(bench.launcher.facts.why);
  };

  it('gets every name of a variable that Kubernetes allows as it is, and nothing in one is a command', async ({
    expect,
    skip,
  }) => {
    needsIsolation(skip);
    const value = `it's "a" \\n $HOME \${PATH}\n# two`;
    const names = ['my-key', 'game.properties', '1st', 'x; echo INJECTED; y', `it's \\ "\${PATH}" $(id) #`, '-u'];
    const ofTheShell = ['wt_0', 'wt_e', 'OPTIND', 'LINENO', 'PPID', 'UID', 'SHLVL', 'PIPESTATUS', 'RANDOM', '_', 'IFS'];
    const wanted = Object.fromEntries(['PLAIN', ...names, ...ofTheShell].map((name) => [name, `${name} ${value}`]));
    const env = { PATH: '/usr/bin:/bin', ...wanted };
    const container = await bench.start({ argv: ['/usr/bin/env', '--null'], env });
    const seen = (await text(container.stdout)).split('\0').slice(0, -1);
    const expected = Object.entries(env).map(([name, content]) => `${name}=${content}`);
    expect(seen.toSorted()).toEqual(expected.toSorted());
    expect(await container.exited).toMatchObject({ code: 0 });
  });

  it('shows the values of its variables to nobody who may list processes', ({ expect }) => {
    const env = { TOKEN: 'hush', 'tls.key': 'hush' };
    expect(execWithEnvironment(env)).not.toContain('hush');
    expect(environmentFile(env).match(/hush/g)).toHaveLength(2);
  });
});
