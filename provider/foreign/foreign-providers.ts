import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { isAddress, sameAddress } from '../../core/protocol/address.ts';
import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import type { Seams } from '../../core/seams.ts';
import { checkProviderFee } from '../access/provider-fee.ts';
import type { AssetService } from '../asset/asset.ts';
import { withoutSlash } from '../config.ts';
import type { UrlRequest } from '../files/file-request.ts';
import type { FileSource } from '../files/file-source.ts';
import type { ErrorCode } from '../codes.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import { parseJson } from '../upstream.ts';

/** A Provider that serves what this one cannot open: where its document says it answers, and who it says it is. */
export interface ForeignProvider {
  /** On the asset's chain. */
  readonly address: string;
  readonly url: string;
}

/** What a job says of itself to the Provider of one of its datasets. */
export interface ForeignUse {
  readonly consumer: string;
  readonly environment: { readonly id: string; readonly consumerAddress: string };
  /** Unix seconds. */
  readonly validUntil: number;
  readonly userdata: Readonly<Record<string, unknown>> | undefined;
}

export interface ForeignFile {
  /** SHA-256 hex, where its Provider tells it. */
  readonly checksum: string | undefined;
  readonly length: number | undefined;
}

export interface HowFiles {
  readonly userdata?: ForeignUse['userdata'];
  /** It hashes them then, which takes its time; of datasets for computing it tells none anyway. Default false. */
  readonly checksums?: boolean;
}

/** Asks other Providers as any client would. `field` is where the request names the asset. */
export interface ForeignProviders {
  /** Who serves the asset; undefined when its endpoint is this Provider's own. */
  find(of: AssetService, field: string): Promise<Checked<ForeignProvider | undefined>>;
  /** The fee that an order of it must carry, signed by its Provider for exactly this service. */
  quote(of: AssetService, provider: ForeignProvider, use: ForeignUse, field: string): Promise<Checked<ProviderFee>>;
  /** Its files, all of which can be read at the moment. */
  files(
    of: AssetService,
    provider: ForeignProvider,
    how: HowFiles,
    field: string,
  ): Promise<Checked<readonly ForeignFile[]>>;
}

const address = z.string().refine(isAddress);
const rootSchema = z.looseObject({
  providerAddress: address.optional(),
  providerAddresses: z.record(z.string(), address).optional(),
});
const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/);
const quoteSchema = z.looseObject({
  datatoken: address,
  providerFee: z.object({
    providerFeeAddress: address,
    providerFeeToken: address,
    providerFeeAmount: z.union([z.string().regex(/^\d{1,78}$/), z.int().min(0)]).transform(String),
    providerData: z.string().regex(/^0x([0-9a-fA-F]{2})*$/),
    v: z.union([z.literal(27), z.literal(28)]),
    r: hash,
    s: hash,
    validUntil: z.int().min(0),
  }),
});
const filesSchema = z
  .array(
    z.looseObject({
      valid: z.boolean(),
      contentLength: z
        .union([z.string().regex(/^\d{1,15}$/), z.int().min(0)])
        .transform(Number)
        .optional()
        .catch(undefined),
      checksum: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/)
        .optional(),
    }),
  )
  .min(1)
  .max(1000);

const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_TOLD = 200;

export function createForeignProviders(source: Pick<FileSource, 'ask'>, seams: Pick<Seams, 'log'>): ForeignProviders {
  /** @returns the parsed body of a 200 */
  async function ask<T>(request: UrlRequest, schema: z.ZodType<T>, field: string): Promise<Checked<T>> {
    let answer;
    try {
      answer = await source.ask(request, MAX_ANSWER_BYTES);
    } catch (error) {
      seams.log.debug('Another Provider did not answer.', { problem: messageOf(error) });
      return unreachable(field, 'it did not answer to the end');
    }
    if (!answer.ok) return unreachable(field, answer.reason.message);
    const { status, text } = answer.value;
    const body = parseJson(text);
    if (status >= 400 && status < 500) return refuse(refusedBy(field, body));
    const parsed = schema.safeParse(body);
    if (status === 200 && parsed.success) return passed(parsed.data);
    return unreachable(field, `it answered ${status} with something else than a Provider does`);
  }

  return {
    async find({ asset, service }, field) {
      const { chainId, signer } = asset.chain;
      const url = withoutSlash(service.serviceEndpoint);
      const root = await ask(get(`${url}/`), rootSchema, field);
      if (!root.ok) return root;
      const { providerAddress, providerAddresses } = root.value;
      const found = providerAddresses?.[String(chainId)] ?? providerAddress;
      if (found === undefined) return unreachable(field, `it does not serve the chain ${chainId}`);
      return passed(sameAddress(found, signer.address) ? undefined : { address: found, url });
    },

    async quote(of, provider, use, field) {
      const url = new URL(`${provider.url}/api/services/initialize`);
      const asked = {
        documentId: of.asset.did,
        serviceId: of.service.id,
        consumerAddress: use.consumer,
        environment: use.environment.id,
        environmentAddress: use.environment.consumerAddress,
        validUntil: String(use.validUntil),
        ...(use.userdata === undefined ? {} : { userdata: JSON.stringify(use.userdata) }),
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      const quoted = await ask(get(url.href), quoteSchema, field);
      if (!quoted.ok) return quoted;
      const { datatoken, providerFee } = quoted.value;
      // Whoever pays it must be able to use it: it is checked as the order will be.
      const fee = checkProviderFee({ ...providerFee, providerFeeAmount: BigInt(providerFee.providerFeeAmount) }, of, {
        ...environmentOf(of, use.environment.id),
        provider: provider.address,
        now: 0,
      });
      if (fee.ok && sameAddress(datatoken, of.service.datatokenAddress)) return passed(providerFee);
      const why = fee.ok ? 'The quote is for another datatoken.' : fee.reason.message;
      return refuse(
        reason(
          'FOREIGN_QUOTE_INVALID',
          field,
          'foreign.quote',
          `The asset's Provider quoted what nobody can use: ${why}`,
        ),
      );
    },

    async files({ asset, service }, provider, { userdata, checksums = false }, field) {
      const url = `${provider.url}/api/services/fileinfo`;
      const body = {
        did: asset.did,
        serviceId: service.id,
        checksum: checksums,
        ...(userdata === undefined ? {} : { userdata }),
      };
      const headers = { 'content-type': 'application/json' };
      const told = await ask({ url, method: 'POST', headers, body: JSON.stringify(body) }, filesSchema, field);
      if (!told.ok) return told;
      if (told.value.every(({ valid }) => valid))
        return passed(
          told.value.map(({ checksum, contentLength }) => ({
            checksum: checksum?.toLowerCase(),
            length: contentLength,
          })),
        );
      return refuse(reason('FILE_UNREACHABLE', field, 'file.reachable', "The asset's Provider cannot read its files."));
    },
  };
}

/** A classic Provider quotes downloads for no environment; one that knows the environment binds data for computing to it. */
export function environmentOf({ service }: AssetService, id: string): { readonly environment?: string } {
  return service.type === 'compute' ? { environment: id } : {};
}

function get(url: string): UrlRequest {
  return { url, method: 'GET', headers: {} };
}

function refusedBy(field: string, body: unknown): ReturnType<typeof reason> {
  const { code, explain, error } = (body ?? {}) as { code?: unknown; explain?: unknown; error?: unknown };
  const [first = 'no reason'] = [explain, error].filter((one) => typeof one === 'string');
  const told = `${typeof code === 'string' ? `${code}: ` : ''}${String(first)}`.slice(0, MAX_TOLD);
  return reason('FOREIGN_PROVIDER_REFUSED', field, 'foreign.answer', `The asset's Provider refuses: ${told}`);
}

function unreachable(field: string, why: string): Checked<never> {
  return refuse(
    reason('FOREIGN_PROVIDER_UNREACHABLE', field, 'foreign.reachable', `The asset's Provider cannot be asked: ${why}`),
  );
}

export function reason(code: ErrorCode, field: string, rule: string, message: string) {
  return { code, field: `${field}.serviceId`, rule, message, classic: 'compute_services_not_in_same_provider' };
}
