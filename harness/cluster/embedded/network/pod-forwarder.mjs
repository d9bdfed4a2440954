// Runs inside a pod's network namespace, started by the harness.
//   in  SOCKET          connections to the Unix socket SOCKET start with "PORT\n" and go on to that port of the pod
//   out SOCKET PORT     connections to 127.0.0.1:PORT of the pod go on to the Unix socket SOCKET
// It says "ready" once it listens, and ends when its standard input does.
import net from 'node:net';

const [mode, socketPath, port] = process.argv.slice(2);
const MOST_CONNECTIONS = 256;

const join = (left, right) => {
  left.pipe(right);
  right.pipe(left);
  left.on('error', () => right.destroy());
  right.on('error', () => left.destroy());
  left.on('close', () => right.destroy());
  right.on('close', () => left.destroy());
};

const readPort = (socket, found) => {
  let head = Buffer.alloc(0);
  const onData = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(10);
    if (end < 0 && head.length < 16) return;
    socket.pause();
    socket.off('data', onData);
    if (end + 1 < head.length) socket.unshift(head.subarray(end + 1));
    found(Number(head.subarray(0, end).toString()));
  };
  socket.on('data', onData);
};

const serveIn = (socket) => {
  socket.on('error', () => socket.destroy());
  readPort(socket, (target) => {
    const inner = net.connect({ host: '127.0.0.1', port: target });
    inner.once('error', () => socket.destroy());
    inner.once('connect', () => {
      socket.write('+');
      join(socket, inner);
    });
  });
};

const server = net.createServer(mode === 'in' ? serveIn : (socket) => join(socket, net.connect(socketPath)));
server.maxConnections = MOST_CONNECTIONS;
server.listen(
  mode === 'in' ? { path: socketPath, writableAll: true } : { host: '127.0.0.1', port: Number(port) },
  () => {
    process.stdout.write('ready\n');
  },
);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
