// Runs in a probe pod and tries each forbidden thing. Says what it saw as one line of JSON.
import { Resolver } from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';

const asked = JSON.parse(process.argv.at(-1));
const TIMEOUT_MS = 400;

const attempt = (start) =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve('no answer'), TIMEOUT_MS);
    const done = (word) => {
      clearTimeout(timer);
      resolve(word);
    };
    try {
      start(done);
    } catch (error) {
      done(error.code ?? error.message);
    }
  });

const tcp = ({ host, port }) =>
  attempt((done) => {
    const socket = net.connect({ host, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.once('connect', () => socket.end('probe\n', () => done('reached')));
    socket.once('error', (error) => done(error.code ?? error.message));
  });

const dns = () =>
  attempt((done) => {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
    // A server that says it knows no such name has been reached too.
    const reached = new Set(['ENOTFOUND', 'ENODATA']);
    resolver.resolve4('kubernetes.default.svc.cluster.local', (error) =>
      done(!error || reached.has(error.code) ? 'reached' : error.code),
    );
  });

const KINDS = { tcp, dns };

/** Policies come into force a moment after the pod: what counts is what holds in the end. */
async function settled(target) {
  const startedAt = performance.now();
  let denied = 0;
  let word = '';
  let since = 0;
  do {
    word = await KINDS[target.kind](target);
    if (denied === 0) since = Math.round(performance.now() - startedAt);
    denied = word === 'reached' ? 0 : denied + 1;
    if (asked.once || denied >= 3) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() - startedAt < asked.settleMs);
  return [target.name, { word, deniedAfterMs: denied > 0 ? since : null }];
}

const localhost = () =>
  attempt((done) => {
    const server = net.createServer((socket) => socket.end('own'));
    server.listen(0, '127.0.0.1', () => {
      const socket = net.connect({ host: '127.0.0.1', port: server.address().port });
      socket.once('data', (data) => {
        done(String(data));
        server.close();
      });
      socket.once('error', (error) => done(error.code));
    });
    server.once('error', (error) => done(error.code));
  });

const write = (path, bytes = 1) => {
  try {
    writeFileSync(path, Buffer.alloc(bytes));
    return 'written';
  } catch (error) {
    return error.code;
  }
};

const becomeRoot = () => {
  try {
    process.setuid(0);
    return 'became root';
  } catch (error) {
    return error.code;
  }
};

const field = (name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];

/** Uses the processor until it was held back, or for a while. */
function throttled() {
  const files = ['/sys/fs/cgroup/cpu.stat', '/sys/fs/cgroup/cpu/cpu.stat', '/sys/fs/cgroup/cpu,cpuacct/cpu.stat'];
  const count = () => {
    for (const file of files) {
      try {
        return Number(/^nr_throttled (\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
      } catch {
        // The other version of control groups.
      }
    }
    return null;
  };
  const endsAt = performance.now() + 1500;
  let periods = count();
  while (performance.now() < endsAt && periods === 0) {
    for (const pause = performance.now() + 100; performance.now() < pause;);
    periods = count();
  }
  return periods;
}

function takeMemory(bytes) {
  const kept = [];
  for (let taken = 0; taken < bytes; taken += 2 ** 24) kept.push(Buffer.alloc(2 ** 24, 1));
  return kept.length * 2 ** 24;
}

async function tries() {
  const [targets, local] = await Promise.all([Promise.all(asked.targets.map(settled)), localhost()]);
  return {
    targets: Object.fromEntries(targets),
    local,
    uid: process.getuid(),
    becomeRoot: becomeRoot(),
    capabilities: field('CapEff'),
    noNewPrivileges: field('NoNewPrivs'),
    seccomp: field('Seccomp'),
    readOnlyRoot: write('/written'),
    ...(asked.volume ? { readOnlyMount: write(`${asked.readOnly}/written`) } : {}),
    ...(asked.volume ? { volume: write(`${asked.volume}/big`, asked.volumeBytes) } : {}),
  };
}

const WORK = {
  tries,
  cpu: () => ({ throttledPeriods: throttled() }),
  memory: () => ({ taken: takeMemory(asked.bytes) }),
};
process.stdout.write(`${JSON.stringify(await WORK[asked.work]())}\n`, () => process.exit(0));
