import { lookup } from 'node:dns/promises';
import { connect, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { WavetankError, messageOf } from '../../../core/errors.ts';

const CONNECT_MS = 10_000;

/**
 * The address by which pods are to reach this machine: the one that was named, else the one by which this machine reaches the API server.
 * Services that pods need listen there. IPv4.
 * @param advertise an address, a name or a URL of which only the host counts
 * @throws WavetankError ADVERTISE_INVALID, ADVERTISE_MISSING (usage), CLUSTER_UNREACHABLE (environment)
 */
export async function advertisedAddress(advertise: string | undefined, server: string): Promise<string> {
  const here = ownAddresses();
  if (advertise === undefined) {
    const address = await localAddressTo(server);
    if (here.includes(address)) return address;
    throw new WavetankError(
      'ADVERTISE_MISSING',
      `The cluster is reached at ${server}, which does not tell by which address its pods reach this machine.`,
      { category: 'usage', hint: `Say it with --advertise ADDRESS. This machine has ${here.join(', ') || 'none'}.` },
    );
  }
  const host = /^https?:\/\//.test(advertise) ? new URL(advertise).hostname : advertise;
  const address = isIPv4(host)
    ? host
    : await lookup(host, { family: 4 }).then(
        ({ address: found }) => found,
        () => '',
      );
  if (here.includes(address)) return address;
  throw new WavetankError('ADVERTISE_INVALID', `${advertise} is no address of this machine that pods could reach.`, {
    category: 'usage',
    hint: `It has ${here.join(', ') || 'none'}.`,
  });
}

/** IPv4, without loopback: in a pod that is the pod itself. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
}

async function localAddressTo(server: string): Promise<string> {
  const { hostname, port, protocol } = new URL(server);
  const socket = connect({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)), family: 4 });
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.setTimeout(CONNECT_MS, () => reject(new Error(`no answer within ${CONNECT_MS} ms`)));
      socket.once('connect', () => resolve(socket.localAddress ?? ''));
      socket.once('error', reject);
    });
  } catch (error) {
    throw new WavetankError('CLUSTER_UNREACHABLE', `Nobody answers at ${server}: ${messageOf(error)}.`, {
      category: 'environment',
      cause: error,
    });
  } finally {
    socket.destroy();
  }
}
