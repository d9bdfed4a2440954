import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Endpoints } from '../running-testbed.ts';

/** Whole or not there at all, and for its owner's eyes only. */
export function writePrivateFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

export function writeEndpoints(file: string, endpoints: Endpoints): void {
  writePrivateFile(file, endpointsText(endpoints));
}

export function endpointsText(endpoints: Endpoints): string {
  return `${JSON.stringify(endpoints, null, 2)}\n`;
}

/** Whether it is what `endpointsText` makes. */
export function isEndpointsText(text: string): boolean {
  try {
    const { version, metadataCacheUrl, kubeconfig } = (JSON.parse(text) ?? {}) as Partial<Endpoints>;
    return version === 1 && metadataCacheUrl !== undefined && kubeconfig !== undefined;
  } catch {
    return false;
  }
}

/** The variables that outside clients read. */
export function environmentOf(endpoints: Endpoints): Readonly<Record<string, string>> {
  const { s3 } = endpoints;
  return {
    RPC_URL: endpoints.rpcUrl,
    NODE_URI: endpoints.rpcUrl,
    ADDRESS_FILE: endpoints.addressFile,
    AQUARIUS_URL: endpoints.metadataCacheUrl,
    PROVIDER_URL: endpoints.providers[0]?.url ?? '',
    ...Object.fromEntries(endpoints.providers.slice(1).map(({ url }, i) => [`PROVIDER${i + 2}_URL`, url])),
    OPERATOR_SERVICE_URL: endpoints.operatorServiceUrl,
    KUBECONFIG: endpoints.kubeconfig,
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_BUCKET_OUTPUT: s3.buckets.results,
    AWS_BUCKET_ADMINLOGS: s3.buckets.adminLogs,
  };
}

const WRITTEN_BY = '# Written by wavetank, and removed when the testbed ends.\n';

/** `NAME='value'` lines, as shells and dotenv readers take them. */
export function environmentFile(endpoints: Endpoints): string {
  const lines = Object.entries(environmentOf(endpoints)).map(
    ([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`,
  );
  return WRITTEN_BY + lines.join('');
}

/** Whether it is what `environmentFile` makes. */
export function isEnvironmentFile(text: string): boolean {
  return text.startsWith(WRITTEN_BY);
}
