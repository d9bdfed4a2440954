import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../../../core/clock.ts';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import type { ApiAccess } from '../api-access.ts';
import { makeDirectory } from '../exact-modes.ts';
import type { EgressDoor, OpenDoor } from '../kubelet/node-services.ts';
import type { Pod } from '../kubelet/pod-types.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../kubelet/resources.ts';
import type { Launcher, PodSandbox } from '../launcher/launcher.ts';
import { startEgressProxy } from './egress-proxy.ts';
import type { Verdict } from './egress-proxy.ts';
import type { PodForwarder } from './pod-forwarder.ts';
import { startForwarder } from './pod-forwarder.ts';
import type { Endpoint, NetworkPolicy } from './network-policy.ts';
import {
  allows,
  hasOpening,
  isOpenToAll,
  isWide,
  isWithin,
  namesAddress,
  policiesFor,
  refuseInexpressible,
} from './network-policy.ts';

/** An attempt of a pod to reach something that no policy allows. */
export interface DeniedAttempt {
  readonly atMs: number;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly host: string;
  readonly port: number;
  readonly why: string;
}

export interface PodNetworkOptions {
  readonly api: ApiAccess;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly native: Native;
  /** The node's address as pods see it; a connection to it ends at the harness's loopback. */
  readonly nodeAddress: string;
  /** Ports of the node that only a policy naming its address opens, such as the API server's. */
  readonly guardedPorts: () => readonly number[];
  readonly onDenied: (attempt: DeniedAttempt) => void;
}

const DOOR_DIR = '/run/wavetank';
export const EGRESS_SOCKET = `${DOOR_DIR}/egress.sock`;
const PROXY_PORT = 3128;
const DIAL_TIMEOUT_MS = 10_000;
const NOBODY = 65_534;
/** This machine's own loopback, link-local and cloud metadata addresses, and "any address", which is loopback too. */
const NEVER_BY_RANGE = ['127.0.0.0/8', '169.254.0.0/16', '0.0.0.0/8'];

interface Member {
  readonly pod: Pod;
  readonly sandbox: PodSandbox;
  readonly inward: () => Promise<PodForwarder>;
}

/**
 * Pods have a loopback device and nothing else. What NetworkPolicies open goes through a proxy on a Unix socket,
 * which evaluates the policies anew for every connection.
 */
export function createPodNetwork(options: PodNetworkOptions): EgressDoor {
  const members = new Map<string, Member>();
  const { api, launcher, native } = options;

  const policiesOf = (pod: Pod): NetworkPolicy[] =>
    api.list(NETWORK_POLICIES, pod.metadata.namespace) as NetworkPolicy[];
  const endpointOf = (ip: string): Endpoint => {
    const member = members.get(ip);
    return member ? { ip, pod: identityOf(api, member.pod) } : { ip };
  };

  const decide = async (from: Member, host: string, port: number): Promise<Verdict> => {
    const verdict = await judge(from, host, port);
    if (!verdict.isAllowed) {
      const { namespace = '', name = '', uid = '' } = from.pod.metadata;
      options.onDenied({ atMs: options.clock.now(), namespace, pod: name, uid, host, port, why: verdict.why });
    }
    return verdict;
  };

  const judge = async (from: Member, host: string, port: number): Promise<Verdict> => {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return denied('not a port');
    const egress = policiesFor(from.pod.metadata.labels ?? {}, policiesOf(from.pod), 'egress');
    // A name asked for is already a message to a name server: only pods with a wide opening may.
    if (isIP(host) === 0 && !isWide(egress))
      return denied('names are looked up only for pods with a wide egress policy');
    const ip = isIP(host) === 4 ? host : await resolve(host);
    if (ip === undefined) return denied('no IPv4 address');
    if (!allows(egress, 'egress', endpointOf(ip), port)) return denied('no NetworkPolicy allows it');
    if (isGuarded(ip, port, egress) && !namesAddress(egress, ip, port)) {
      return denied('this address must be named by a policy');
    }
    const target = members.get(ip);
    if (target) return judgeIngress(from, target, port);
    if (isWithin(ip, '10.244.0.0/16')) return denied('no pod has this address');
    const address = ip === options.nodeAddress ? '127.0.0.1' : ip;
    return { isAllowed: true, dial: () => dialTcp(address, port) };
  };

  const isGuarded = (ip: string, port: number, egress: readonly NetworkPolicy[]): boolean => {
    if (NEVER_BY_RANGE.some((range) => isWithin(ip, range))) return true;
    if (ip !== options.nodeAddress) return false;
    // Differs from a real cluster: there a node has an address of a private range, which policies for "the world"
    // leave out. The node's address here is none, so a block that merely contains it does not open the node.
    return options.guardedPorts().includes(port) || !isOpenToAll(egress, port);
  };

  const judgeIngress = (from: Member, target: Member, port: number): Verdict => {
    const ingress = policiesFor(target.pod.metadata.labels ?? {}, policiesOf(target.pod), 'ingress');
    if (!allows(ingress, 'ingress', endpointOf(from.sandbox.ip), port))
      return denied("the other pod's NetworkPolicy does not allow it");
    return { isAllowed: true, dial: async () => (await target.inward()).dial(port) };
  };

  return {
    async open(pod, sandbox): Promise<OpenDoor> {
      const labels = pod.metadata.labels ?? {};
      const egress = policiesFor(labels, policiesOf(pod), 'egress');
      refuseInexpressible(egress, 'egress');
      refuseInexpressible(policiesFor(labels, policiesOf(pod), 'ingress'), 'ingress');
      let starting: Promise<PodForwarder> | undefined;
      const inward = (): Promise<PodForwarder> =>
        (starting ??= startForwarder({
          native,
          launcher,
          sandbox,
          mode: 'in',
          socketPath: inwardSocket(launcher, sandbox),
        }));
      const member: Member = { pod, sandbox, inward };
      if (sandbox.enterNetwork) members.set(sandbox.ip, member);
      const closers: (() => Promise<void>)[] = [async () => (await starting)?.stop()];
      const close = async (): Promise<void> => {
        members.delete(sandbox.ip);
        await Promise.all(closers.map((run) => run()));
      };
      if (!sandbox.enterNetwork || !hasOpening(egress, 'egress')) return { mounts: [], env: {}, close };
      const dir = join(sandbox.dir, 'door');
      makeDirectory(dir, 0o755);
      const socketPath = join(dir, 'egress.sock');
      const proxy = await startEgressProxy(socketPath, (host, port) => decide(member, host, port));
      closers.push(() => proxy.close());
      const env: Record<string, string> = { WAVETANK_EGRESS_SOCKET: EGRESS_SOCKET };
      if (isWide(egress)) {
        const outward = await startForwarder({ native, launcher, sandbox, mode: 'out', socketPath, port: PROXY_PORT });
        closers.push(() => outward.stop());
        Object.assign(env, proxyVariables());
      }
      return { mounts: [{ source: dir, target: DOOR_DIR, readOnly: true }], env, close };
    },
  };
}

function identityOf(api: ApiAccess, pod: Pod): NonNullable<Endpoint['pod']> {
  const namespace = pod.metadata.namespace ?? '';
  const found = api.list(NAMESPACES).find((each) => each.metadata.name === namespace);
  const namespaceLabels = { 'kubernetes.io/metadata.name': namespace, ...found?.metadata.labels };
  return { namespace, labels: pod.metadata.labels ?? {}, namespaceLabels };
}

/** A directory that the helper, who is nobody, may put its socket into. */
function inwardSocket(launcher: Launcher, sandbox: PodSandbox): string {
  const dir = join(sandbox.dir, 'inward');
  makeDirectory(dir, 0o711);
  launcher.own(dir, NOBODY, NOBODY);
  return join(dir, 'in.sock');
}

/** What programs look at for a proxy. NODE_USE_ENV_PROXY makes Node 24 look too. */
function proxyVariables(): Record<string, string> {
  const url = `http://127.0.0.1:${PROXY_PORT}`;
  const none = '127.0.0.1,localhost';
  return {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    NO_PROXY: none,
    no_proxy: none,
    NODE_USE_ENV_PROXY: '1',
  };
}

function denied(why: string): Verdict {
  return { isAllowed: false, why };
}

async function resolve(host: string): Promise<string | undefined> {
  if (isIP(host) !== 0) return undefined;
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    // Unknown names and absent name servers both mean: no address.
    return undefined;
  }
}

function dialTcp(host: string, port: number): Promise<Socket> {
  return new Promise((resolveSocket, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(DIAL_TIMEOUT_MS, () =>
      socket.destroy(new WavetankError('DIAL_TIMEOUT', `No answer from port ${port}.`)),
    );
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolveSocket(socket);
    });
  });
}
