import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** In /proc/net/tcp; for UDP the state of every bound socket is 07. */
const LISTENING = '0A';
const BOUND_UDP = '07';

/** Sockets of these processes that listen, as the kernel lists them: `tcp 127.0.0.1:8545`, `udp 0.0.0.0:53`. */
export function listeningSockets(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  return (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) =>
    rowsOf(table)
      .filter(({ state, inode }) => state === (table.startsWith('tcp') ? LISTENING : BOUND_UDP) && inodes.has(inode))
      .map(({ address }) => `${table} ${address}`),
  );
}

function socketInodes(pid: number): string[] {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function rowsOf(table: string): { readonly address: string; readonly state: string; readonly inode: string }[] {
  let text: string;
  try {
    text = readFileSync(`/proc/self/net/${table}`, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length > 9)
    .map((columns) => ({ address: readable(columns[1] ?? ''), state: columns[3] ?? '', inode: columns[9] ?? '' }));
}

/** `0100007F:2161` is 127.0.0.1:8545: the address' 32-bit words are in the machine's byte order, here little-endian. */
function readable(hex: string): string {
  const [address = '', port = ''] = hex.split(':');
  const portNumber = Number.parseInt(port, 16);
  if (address.length !== 8) return `[${address.toLowerCase()}]:${portNumber}`;
  const bytes = Buffer.from(address, 'hex').toReversed();
  return `${bytes.join('.')}:${portNumber}`;
}
