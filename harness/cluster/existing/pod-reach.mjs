// Runs in a pod: connects to this machine and says the word that it was given.
import { connect } from 'node:net';

const { host, port, word, limitMs } = JSON.parse(process.argv[1]);
const socket = connect({ host, port }, () => socket.end(word));
socket.setTimeout(limitMs, () => socket.destroy(new Error('no answer')));
socket.on('error', (error) => {
  process.stdout.write(error.code ?? error.message);
  process.exitCode = 1;
});
socket.resume();
