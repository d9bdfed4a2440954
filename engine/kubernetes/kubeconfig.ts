import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { WavetankError } from '../../core/errors.ts';

/** How to reach a cluster and as whom. Secret: never log it. */
export interface ClusterAccess {
  /** Without a trailing slash. */
  readonly server: string;
  readonly namespace: string | undefined;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized?: boolean;
    readonly servername?: string;
  };
  /** The headers that authenticate a request, asked for each time: tokens rotate. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

const named = <T extends z.ZodType>(field: string, value: T) => z.array(z.object({ name: z.string(), [field]: value }));
const clusterSchema = z.object({
  server: z.string(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
});
const userSchema = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.string().optional(),
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
});
const contextSchema = z.object({ cluster: z.string(), user: z.string().optional(), namespace: z.string().optional() });
const kubeconfigSchema = z.object({
  'current-context': z.string().optional(),
  clusters: named('cluster', clusterSchema),
  users: named('user', userSchema).nullish(),
  contexts: named('context', contextSchema),
});

type User = z.infer<typeof userSchema>;

/** Reads a kubeconfig file. @throws WavetankError KUBECONFIG_INVALID */
export async function loadKubeconfig(file: string): Promise<ClusterAccess> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(`Cannot read the kubeconfig ${file}.`, cause);
  }
  return parseKubeconfig(text, { directory: path.dirname(path.resolve(file)) });
}

/**
 * Understands the current context with a token, a token file, a password or a client certificate. Users that need a
 * plugin (`exec`, `auth-provider`) are handed to the official client, which is loaded only then: its import takes most of a second.
 * @throws WavetankError KUBECONFIG_INVALID
 */
export async function parseKubeconfig(text: string, options: { directory?: string } = {}): Promise<ClusterAccess> {
  const config = parseText(text);
  const contextName = config['current-context'];
  const context = pick<z.infer<typeof contextSchema>>(config.contexts, 'context', contextName);
  const cluster = pick<z.infer<typeof clusterSchema>>(config.clusters, 'cluster', context.cluster);
  const user = context.user === undefined ? {} : pick<User>(config.users ?? [], 'user', context.user);
  const material = (inline: string | undefined, file: string | undefined): Promise<string | undefined> =>
    pem(inline, file, options.directory ?? '.');
  const ca = await material(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const cert = await material(user['client-certificate-data'], user['client-certificate']);
  const key = await material(user['client-key-data'], user['client-key']);
  const base = {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: context.namespace,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
      ...(cluster['tls-server-name'] ? { servername: cluster['tls-server-name'] } : {}),
    },
  };
  if (user.exec !== undefined || user['auth-provider'] !== undefined) return pluginAccess(text, base);
  return { ...base, headers: headersOf(user, options.directory ?? '.') };
}

function parseText(text: string): z.infer<typeof kubeconfigSchema> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw invalid('The kubeconfig is no YAML.', cause);
  }
  const result = kubeconfigSchema.safeParse(document);
  if (!result.success) {
    const where = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw invalid(`The kubeconfig lacks or misspells: ${where}.`);
  }
  return result.data;
}

function pick<T>(entries: readonly Record<string, unknown>[], field: string, name: string | undefined): T {
  const entry = entries.find((candidate) => candidate['name'] === name);
  if (entry === undefined) throw invalid(`The kubeconfig has no ${field} named "${name ?? ''}".`);
  return entry[field] as T;
}

async function pem(
  inline: string | undefined,
  file: string | undefined,
  directory: string,
): Promise<string | undefined> {
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString('utf8');
  if (file === undefined) return undefined;
  try {
    return await readFile(path.resolve(directory, file), 'utf8');
  } catch (cause) {
    throw invalid('A certificate or key that the kubeconfig names cannot be read.', cause);
  }
}

function headersOf(user: User, directory: string): ClusterAccess['headers'] {
  const { token, tokenFile, username, password } = user;
  if (tokenFile !== undefined) {
    // Read each time: the kubelet replaces a projected token before it expires.
    return async () => ({
      authorization: `Bearer ${(await readFile(path.resolve(directory, tokenFile), 'utf8')).trim()}`,
    });
  }
  const fixed: Record<string, string> = {};
  if (token !== undefined) fixed['authorization'] = `Bearer ${token}`;
  else if (username !== undefined) {
    fixed['authorization'] = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
  }
  return () => Promise.resolve(fixed);
}

async function pluginAccess(text: string, base: Omit<ClusterAccess, 'headers'>): Promise<ClusterAccess> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromString(text);
  const options: { headers: Record<string, string>; cert?: string; key?: string } = { headers: {} };
  const authenticate = async (): Promise<typeof options> => {
    options.headers = {};
    await config.applyToHTTPSOptions(options as never);
    return options;
  };
  const first = await authenticate();
  const { cert, key } = first;
  return {
    ...base,
    tls: { ...base.tls, ...(cert ? { cert: String(cert) } : {}), ...(key ? { key: String(key) } : {}) },
    headers: async () => plainHeaders((await authenticate()).headers),
  };
}

function plainHeaders(headers: Record<string, string>): Record<string, string> {
  const wanted = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'authorization');
  return Object.fromEntries(wanted.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function invalid(message: string, cause?: unknown): WavetankError {
  return new WavetankError('KUBECONFIG_INVALID', message, { category: 'usage', ...(cause ? { cause } : {}) });
}
