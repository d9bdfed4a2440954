import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** Listeners of the harness that no sandboxed process may reach; `hits` counts who did. */
export interface Canary {
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly abstractName: string;
  readonly hits: () => readonly string[];
  close(): Promise<void>;
}

export async function startCanary(name: string): Promise<Canary> {
  const hits: string[] = [];
  const tcp = createServer((socket) => {
    hits.push('tcp');
    socket.destroy();
  });
  const abstract = createServer((socket) => {
    hits.push('abstract socket');
    socket.destroy();
  });
  const udp = createSocket('udp4', () => void hits.push('udp'));
  tcp.listen(0, '127.0.0.1');
  abstract.listen(`\0${name}`);
  udp.bind(0, '127.0.0.1');
  await Promise.all([once(tcp, 'listening'), once(abstract, 'listening'), once(udp, 'listening')]);
  return {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    abstractName: name,
    hits: () => hits,
    async close() {
      const closed = Promise.all([once(tcp, 'close'), once(abstract, 'close')]);
      tcp.close();
      abstract.close();
      udp.close();
      await closed;
    },
  };
}
