// Runs inside a probe container and tries each forbidden thing once. Says what it saw as one line of JSON.
import dgram from 'node:dgram';
import { Resolver } from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';

const target = JSON.parse(process.argv.at(-1));
/** For what is expected to stay without an answer. */
const WAIT_MS = 120;
/** For what is expected to have one, on a machine that may be busy. */
const ANSWER_MS = 3000;

const attempt = (start, waitMs = WAIT_MS) =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve('no answer'), waitMs);
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

const tcp = (options) =>
  attempt((done) => {
    const socket = net.connect(options);
    socket.once('connect', () => (done('connected'), socket.destroy()));
    socket.once('error', (error) => done(error.code ?? error.message));
  });

const udp = (host, port) =>
  attempt((done) => {
    const socket = dgram.createSocket('udp4').unref();
    socket.send('canary', port, host, (error) => {
      done(error?.code ?? 'sent');
      socket.close();
    });
  });

const dns = () =>
  attempt((done) => {
    const resolver = new Resolver({ timeout: WAIT_MS, tries: 1 });
    resolver.setServers([`${target.host}:${target.udpPort}`]);
    resolver.resolve4('canary.invalid', (error) => done(error ? error.code : 'answered'));
  });

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
  }, ANSWER_MS);

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

const [loopback, outward, sent, looked, abstract, local] = await Promise.all([
  tcp({ host: '127.0.0.1', port: target.tcpPort }),
  tcp({ host: target.host, port: target.tcpPort }),
  udp('127.0.0.1', target.udpPort),
  dns(),
  tcp({ path: `\0${target.abstractName}` }),
  localhost(),
]);
process.stdout.write(
  `${JSON.stringify({
    loopback,
    outward,
    sent,
    looked,
    abstract,
    local,
    uid: process.getuid(),
    becomeRoot: becomeRoot(),
    capabilities: field('CapEff'),
    noNewPrivileges: field('NoNewPrivs'),
    seccomp: field('Seccomp'),
    readOnlyMount: write(`${target.readOnly}/written`),
    readOnlyRoot: write('/written'),
    volume: write(`${target.volume}/big`, target.volumeBytes * 2),
  })}\n`,
);
process.exit(0);
