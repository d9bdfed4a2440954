import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createNative } from '../../../../core/native.ts';
import type { Bench } from './sandbox.testing.ts';
import { shellContainer, startBench } from './sandbox.testing.ts';
import { startUtilLinuxLauncher } from './util-linux.ts';

const MIB = 1024 * 1024;

describe('a sandboxed container', () => {
  let bench: Bench;
  let isolated = false;

  beforeAll(async () => {
    bench = await startBench();
    isolated = bench.launcher.facts.isolated;
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  const needsIsolation = (skip: (reason: string) => void): void => {
    if (!isolated) skip(bench.launcher.facts.why);
  };

  it('is isolated wherever the machine allows namespaces at all', ({ expect, skip }) => {
    const tried = spawnSync('unshare', ['--user', '--map-root-user', '--mount', '--pid', '--net', '--fork', 'true']);
    if (tried.status !== 0) skip('this machine refuses user namespaces');
    expect(bench.launcher.facts).toMatchObject({ isolated: true });
  });

  it('runs a program with the environment, user and working directory it asks for, and nothing else', async ({
    expect,
    skip,
  }) => {
    needsIsolation(skip);
    const env = { PATH: '/usr/bin:/bin', QUOTED: `it's "a" $HOME\nnewline` };
    const { stdout, code } = await bench.run(
      'id -u; id -g; pwd; printf %s "$QUOTED"; env | cut -d= -f1 | sort | tr "\\n" " "',
      {
        env,
        workingDir: '/tmp',
      },
    );
    expect(code).toBe(0);
    expect(stdout).toBe(
      `1000\n1000\n/tmp\nit's "a" $HOME\nnewlinePATH PWD QUOTED SHLVL _ newline`.replace(
        'SHLVL _ ',
        stdout.includes('SHLVL') ? 'SHLVL ' : '',
      ),
    );
  });

  it('tells exit codes and signals apart', async ({ expect }) => {
    expect(await bench.run('exit 7')).toMatchObject({ code: 7, signal: 0 });
    const container = await bench.start({ argv: ['/bin/sleep', '60'] });
    container.signal('SIGKILL');
    expect(await container.exited).toMatchObject({ code: 137, signal: 9 });
  });

  it('says in words when there is no such program', async ({ expect, skip }) => {
    needsIsolation(skip);
    await expect(bench.start({ argv: ['no-such-program'] })).rejects.toMatchObject({ code: 'CONTAINER_CANNOT_RUN' });
  });

  it('has descriptors 0, 1 and 2 alone, and /dev/stdout can be opened', async ({ expect, skip }) => {
    needsIsolation(skip);
    const { stdout } = await bench.run('for fd in /proc/self/fd/*; do echo -n "${fd##*/} "; done > /dev/stdout');
    // The shell itself holds the directory that it lists.
    expect(stdout.split(' ').filter((fd) => Number(fd) < 3)).toEqual(['0', '1', '2']);
    expect(stdout.split(' ').length).toBeLessThanOrEqual(5);
  });

  it('does not see the files and processes of this machine', async ({ expect, skip }) => {
    needsIsolation(skip);
    writeFileSync(`${bench.dir}/secret`, 'host only', { mode: 0o644 });
    const { stdout } = await bench.run(
      `cat ${bench.dir}/secret /etc/shadow /proc/${process.pid}/environ 2>/dev/null; ls /root /home | wc -l; ls -d /proc/[0-9]* | wc -l`,
    );
    expect(stdout.split('\n')).not.toContain('host only');
    expect(Number(stdout.split('\n').at(-1))).toBeLessThanOrEqual(4);
  });

  it('cannot write read-only mounts or its root, nor make them writable', async ({ expect, skip }) => {
    needsIsolation(skip);
    const volume = await bench.launcher.createVolume({ id: 'ro', sizeBytes: MIB });
    const mounts = [
      { source: volume.path, target: '/data', readOnly: true },
      { source: volume.path, target: '/out', readOnly: false },
    ];
    const script = 'touch /x /data/x /usr/x; mount -o remount,rw /data; umount /data; touch /out/x && echo twin';
    const { stdout, stderr } = await bench.run(script, { mounts });
    expect(stdout).toBe('twin');
    expect(stderr.match(/Read-only file system/g)).toHaveLength(3);
    await volume.remove();
  });

  it('cannot become root or make a user namespace', async ({ expect, skip }) => {
    needsIsolation(skip);
    const { stdout } = await bench.run(
      'unshare --user true || echo no-userns; setpriv --reuid 0 true || echo no-root; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; cat /proc/1/ns/user >/dev/null 2>&1; chroot / true || echo no-chroot',
    );
    const words = stdout.split(/\s+/);
    expect(words).toEqual(expect.arrayContaining(['no-userns', 'no-root', 'no-chroot']));
    expect(stdout).toMatch(/CapEff:\s*0+\nCapBnd:\s*0+\nNoNewPrivs:\s*1/);
  });

  it('has as many processes as its limit says, however many another container of the same user has', async ({
    expect,
    skip,
  }) => {
    needsIsolation(skip);
    if (bench.launcher.facts.cgroups === 'absent' && bench.launcher.facts.users === 'range')
      skip('without cgroups the kernel counts the processes of a user, whoever started them');
    const sleepers = 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 30 & sleep 30 & sleep 30 & sleep 30 & sleep 30 & done; ';
    const [first, second] = [await bench.pod(), await bench.pod()];
    const many = await bench.start({ argv: ['/bin/sh', '-c', `${sleepers} echo started; wait`] }, first);
    await once(many.stdout, 'data');
    expect(await bench.run(`${sleepers} echo started`, {}, second)).toMatchObject({ code: 0, stdout: 'started' });
    many.signal('SIGKILL');
    await many.exited;
  });

  it('reaches neither the network nor a Unix socket of this machine', async ({ expect, skip }) => {
    needsIsolation(skip);
    let hits = 0;
    const server = createServer((socket) => void (hits++, socket.destroy())).listen(0, '127.0.0.1');
    const abstract = createServer((socket) => void (hits++, socket.destroy())).listen('\0wavetank-launcher-test');
    await Promise.all([once(server, 'listening'), once(abstract, 'listening')]);
    const port = (server.address() as { port: number }).port;
    const nodeDir = process.execPath.replace(/\/node$/, '');
    const image = {
      mounts: [
        { source: '/usr', target: '/usr' },
        { source: nodeDir, target: '/usr/local/bin' },
      ],
      links: { '/bin': 'usr/bin', '/lib': 'usr/lib', '/lib64': 'usr/lib64' },
    };
    const script = `const net=require("net");for(const o of [{port:${port},host:"127.0.0.1"},{path:"\\0wavetank-launcher-test"}])net.connect(o).on("connect",()=>console.log("reached")).on("error",e=>console.log(e.code))`;
    const container = await bench.start({ argv: ['node', '-e', script], image });
    const output = await readAll(container.stdout);
    expect(output.trim().split('\n')).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(hits).toBe(0);
    server.close();
    abstract.close();
  });

  it('does not see the volumes of other pods', async ({ expect, skip }) => {
    needsIsolation(skip);
    const mine = await bench.launcher.createVolume({ id: 'mine', sizeBytes: MIB });
    const other = await bench.launcher.createVolume({ id: 'other', sizeBytes: MIB });
    await bench.run('echo theirs > /data/f', { mounts: [{ source: other.path, target: '/data', readOnly: false }] });
    const { stdout } = await bench.run(
      `ls /data; cat ${other.path}/f /data/../../volumes/other/f 2>/dev/null; cut -d" " -f5 /proc/self/mountinfo`,
      {
        mounts: [{ source: mine.path, target: '/data', readOnly: false }],
      },
    );
    expect(stdout).not.toContain('theirs');
    expect(stdout).not.toContain(bench.dir);
    await Promise.all([mine.remove(), other.remove()]);
  });

  it('holds a volume to its size', async ({ expect, skip }) => {
    if (bench.launcher.facts.sizedVolumes === 'absent') skip(bench.launcher.facts.why);
    const volume = await bench.launcher.createVolume({ id: 'small', sizeBytes: 4 * MIB });
    const mounts = [{ source: volume.path, target: '/data', readOnly: false }];
    const { stdout, stderr } = await bench.run(
      `head -c ${3 * MIB} /dev/zero > /data/a && echo fits; head -c ${8 * MIB} /dev/zero > /data/b`,
      { mounts },
    );
    expect(stdout).toBe('fits');
    expect(stderr).toContain('No space left');
    await volume.remove();
  });

  it('kills what takes more memory than its limit, and says so', async ({ expect, skip }) => {
    if (bench.launcher.facts.cgroups === 'absent') skip(bench.launcher.facts.why);
    const limits = { memoryBytes: 24 * MIB, cpuMillis: undefined, pids: 64, openFiles: 256, scratchBytes: MIB };
    const hog = await bench.start({
      argv: ['/bin/sh', '-c', `head -c ${64 * MIB} /dev/zero | tail -c ${64 * MIB}`],
      limits,
    });
    hog.stdout.resume();
    expect(await hog.exited).toMatchObject({ code: 137, oomKilled: true });
  });

  it('stops a fork bomb at its limit and leaves nothing of it', async ({ expect, skip }) => {
    needsIsolation(skip);
    const { stderr, code } = await bench.run(
      'bomb() { bomb | bomb & }; i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; echo all',
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/fork/i);
    expect(sleepers()).toBe(0);
  });

  it('ends processes that outlive their parent in a session of their own', async ({ expect, skip }) => {
    needsIsolation(skip);
    const { stdout } = await bench.run('(setsid sleep 4217 >/dev/null 2>&1 &) ; echo started');
    expect(stdout).toBe('started');
    expect(processesNamed('4217')).toBe(0);
  });

  it('gives pods a host name, a loopback address and IPC of their own', async ({ expect, skip }) => {
    needsIsolation(skip);
    const [one, two] = [await bench.pod(), await bench.pod()];
    const script = 'hostname; readlink /proc/self/ns/net /proc/self/ns/ipc';
    const [first, second, again] = [
      await bench.run(script, {}, one),
      await bench.run(script, {}, two),
      await bench.run(script, {}, one),
    ];
    expect(first.stdout).toBe(again.stdout);
    expect(first.stdout.split('\n').filter((line) => second.stdout.includes(line))).toEqual([]);
    expect(one.ip).not.toBe(two.ip);
    await Promise.all([one.remove(), two.remove()]);
  });

  it('leaves nothing of a pod that was removed', async ({ expect, skip }) => {
    needsIsolation(skip);
    const namespaces = (): number => readdirSync(`${bench.launcher.runtimeDir}/ns`).length;
    const pod = await bench.pod();
    // The next one is being made ahead of need meanwhile: only a second pod shows whether the first one's stays.
    await pod.remove();
    const before = namespaces();
    await (await bench.pod()).remove();
    expect(namespaces()).toBe(before);
    expect(readdirSync(`${bench.launcher.runtimeDir}/pods`)).not.toContain(pod.dir.split('/').at(-1));
  });

  it('starts whatever umask the testbed was started with, and programs get their own', async ({ expect, skip }) => {
    if (!bench.launcher.facts.isolated) skip(bench.launcher.facts.why);
    const umask = process.umask(0o077);
    try {
      await using strict = await startBench();
      expect(strict.launcher.facts).toEqual(bench.launcher.facts);
      const image = shellContainer('').image;
      // As an installation under such an umask has them.
      const ours = `${strict.dir}/ours`;
      writeFileSync(ours, 'a file of ours');
      mkdirSync(`${strict.dir}/closed`);
      const withOurs = { ...image, mounts: [...image.mounts, { source: ours, target: '/ours', isFile: true }] };
      const { code, stdout, stderr } = await strict.run('umask; cat /etc/hosts /ours', {
        etc: { hosts: 'localhost, ' },
        image: withOurs,
      });
      expect([code, stdout, stderr]).toEqual([0, '0022\nlocalhost, a file of ours', '']);
      if (strict.launcher.facts.users === 'one') return;
      const closed = { ...image, mounts: [...image.mounts, { source: `${strict.dir}/closed`, target: '/closed' }] };
      await expect(strict.run('true', { image: closed })).rejects.toMatchObject({
        code: 'CONTAINER_CANNOT_RUN',
        hint: expect.stringContaining('chmod o+rx'),
      });
    } finally {
      process.umask(umask);
    }
  });

  it('leaves no mount, process or directory when the launcher stops', async ({ expect }) => {
    const own = await startBench();
    const { dir } = own;
    await own.launcher.createVolume({ id: 'left', sizeBytes: MIB });
    const container = await own.start({ argv: ['/bin/sleep', '4218'] });
    await own[Symbol.asyncDispose]();
    expect((await container.exited).code).toBe(137);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(dir);
    expect(processesNamed('4218')).toBe(0);
  });
});

describe('a launcher that cannot start', () => {
  it('leaves nothing for the one that is tried next', async ({ expect }) => {
    const native = createNative();
    const refusing = { ...native, spawn: () => native.spawn('false', [], {}) };
    const runtimeDir = mkdtempSync(join(tmpdir(), 'wt-'));
    try {
      const starting = startUtilLinuxLauncher({ native: refusing, instance: 'refused', runtimeDir, isRoot: false });
      await expect(starting).rejects.toMatchObject({ code: 'SANDBOX_GONE' });
      expect(readdirSync(runtimeDir)).toEqual([]);
    } finally {
      rmSync(runtimeDir, { recursive: true, force: true });
    }
  });
});

describe('without isolation', () => {
  it('turns mounted paths into directories and tells programs where they are', async ({ expect }) => {
    await using bench = await startBench('none');
    const volume = await bench.launcher.createVolume({ id: 'job', sizeBytes: MIB });
    const mounts = ['inputs', 'outputs'].map((name) => ({
      source: volume.path,
      target: `/data/${name}`,
      readOnly: false,
      subPath: name,
    }));
    mkdirSync(`${volume.path}/inputs`);
    writeFileSync(`${volume.path}/inputs/f`, 'given');
    const { stdout } = await bench.run(
      'cat "$INPUTS/f"; echo made > "$OUTPUTS/g"; [ "$VOLUME/outputs" -ef "$OUTPUTS" ] && echo same',
      { mounts },
    );
    expect(stdout).toBe('givensame');
    expect(readFileSync(`${volume.path}/outputs/g`, 'utf8')).toBe('made\n');
  });

  it('finds the image’s own programs before this machine’s, also from a shell', async ({ expect }) => {
    await using bench = await startBench('none');
    const bin = `${bench.dir}/bin`;
    mkdirSync(bin);
    writeFileSync(`${bin}/node`, '#!/bin/sh\necho the one of the image\n', { mode: 0o755 });
    const image = { mounts: [{ source: bin, target: '/usr/local/bin' }], links: {} };
    expect(await bench.run('node', { image })).toMatchObject({ code: 0, stdout: 'the one of the image' });
  });

  it('refuses a command that insists on an absolute path', async ({ expect }) => {
    await using bench = await startBench('none');
    const volume = await bench.launcher.createVolume({ id: 'job', sizeBytes: MIB });
    const mounts = [{ source: volume.path, target: '/data/inputs', readOnly: true }];
    await expect(bench.run('cat /data/inputs/f', { mounts })).rejects.toMatchObject({ code: 'CONTAINER_CANNOT_RUN' });
  });

  it('says that nothing is isolated', async ({ expect }) => {
    await using bench = await startBench('none');
    expect(bench.launcher.facts).toMatchObject({ isolated: false, cgroups: 'absent', sizedVolumes: 'absent' });
  });
});

async function readAll(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

function sleepers(): number {
  return processesWith((args) => args[0] === 'sleep' && args[1] === '30');
}

function processesNamed(word: string): number {
  return processesWith((args) => args.includes(word));
}

function processesWith(matches: (args: string[]) => boolean): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && matches(argumentsOf(pid))).length;
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
