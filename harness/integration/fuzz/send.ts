import type { Dispatcher } from 'undici';
import { Agent, request } from 'undici';
import { systemClock } from '../../../core/clock.ts';
import { signOperatorRequest } from '../../../core/protocol/operator-auth.ts';
import { addressOfPrivateKey, signMessage } from '../../../core/protocol/signing.ts';
import { OTHER_PROVIDER_KEY, PROVIDER_KEY } from '../operator/operator-lab.ts';
import type { FuzzLab } from './fuzz-lab.ts';
import type { OperatorFuzzRequest } from './operator-requests.ts';
import { bodyOf } from './operator-requests.ts';
import type { FuzzRequest } from './provider-requests.ts';
import { TEMPLATES, fieldsOf } from './provider-requests.ts';
import { sendRaw } from './raw-requests.ts';

/** Longest answer that is read; then the client hangs up, as impatient clients do. */
const READ_BYTES = 256 * 1024;
const READ_MS = 100;
/** Every limit of the Providers under test is below two seconds; what takes this long hangs. */
const HANGS_MS = 15_000;

/** Sends fuzzed requests; what it returns is for counting. */
export interface FuzzSender {
  provider(request: FuzzRequest): Promise<string>;
  operator(request: OperatorFuzzRequest): Promise<string>;
  raw(service: 'provider' | 'operator', bytes: string): Promise<string>;
  close(): Promise<void>;
}

export function createSender(lab: FuzzLab): FuzzSender {
  const { world, fillIn } = lab;
  const dispatcher = new Agent({ connections: 32, keepAliveTimeout: 1_000 });
  const buyer = lab.lab.buyer;
  /** Whose nonces may be burnt: a nonce of somebody's choice may be the last that there is. */
  const burner = lab.lab.stranger;
  let lastNonce = 1_000;
  let lastOperatorNonce = 0;

  async function exchange(url: string, options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>): Promise<string> {
    const limit = new AbortController();
    const timer = systemClock.after(HANGS_MS, () => limit.abort());
    try {
      const { statusCode, headers, body } = await request(url, { ...options, dispatcher, signal: limit.signal });
      // A file that never ends is the client's to leave; headers that never come are the Provider's fault.
      timer.cancel();
      const patience = systemClock.after(READ_MS, () => body.destroy());
      let read = 0;
      const parts: Buffer[] = [];
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          read += chunk.length;
          if (read < 8192) parts.push(chunk);
          if (read > READ_BYTES) break;
        }
      } catch {
        // A source that breaks off cuts the answer: that is how a client learns of it.
      } finally {
        patience.cancel();
      }
      const code = /"code":"([A-Z_0-9]+)"/.exec(Buffer.concat(parts).toString('utf8'))?.[1];
      const isJson = String(headers['content-type']).startsWith('application/json');
      return isJson && (statusCode >= 400 || code !== undefined) ? `${statusCode} ${code}` : String(statusCode);
    } catch (error) {
      if (limit.signal.aborted)
        throw new Error(`No answer after ${HANGS_MS} ms to ${options.method} ${url.slice(0, 300)}`, { cause: error });
      throw error;
    } finally {
      timer.cancel();
    }
  }

  return {
    async provider(fuzzed) {
      const template = TEMPLATES[fuzzed.template];
      if (!template) throw new Error('no such template');
      const fields = fieldsOf(fuzzed, world);
      const isBurnt = fuzzed.nonce.kind === 'text';
      const who = isBurnt ? burner : buyer;
      if (isBurnt)
        for (const [name, value] of Object.entries(fields)) if (value === buyer.address) fields[name] = burner.address;
      if (template.message) {
        const nonce = fuzzed.nonce.kind === 'next' ? String(++lastNonce) : fuzzed.nonce.value;
        fields['nonce'] = nonce;
        const written = typeof nonce === 'string' ? nonce : (JSON.stringify(nonce) ?? '');
        const key = fuzzed.proof === 'forged' ? lab.lab.owner.privateKey : who.privateKey;
        if (typeof fuzzed.proof === 'object') fields['signature'] = fuzzed.proof.text;
        else if (fuzzed.proof !== 'none') fields['signature'] = signMessage(template.message(fields, written), key);
      }
      const method = fuzzed.method ?? template.method;
      const isQuery = fuzzed.place === 'query' || (fuzzed.place === 'usual' && template.method === 'GET');
      const url = new URL(template.route, lab.lab.provider().url);
      if (isQuery)
        for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, fillIn(asText(value)));
      const text = fillIn(fuzzed.rawBody ?? (isQuery ? '' : (JSON.stringify(fields) ?? '')));
      const type =
        fuzzed.contentType ?? (template.route.includes('encrypt') ? 'application/octet-stream' : 'application/json');
      const target = url.href.slice(0, 60_000);
      return exchange(target, {
        method: method as Dispatcher.HttpMethod,
        headers: { ...sendable(fuzzed.headers), ...(text === '' ? {} : { 'content-type': type }) },
        body: text === '' || method === 'HEAD' ? null : text,
      });
    },

    async operator(fuzzed) {
      const body = bodyOf(fuzzed);
      const target = new URL(fuzzed.target, 'http://operator');
      const path = target.pathname + target.search;
      const key = fuzzed.proof === 'forged' ? OTHER_PROVIDER_KEY : PROVIDER_KEY;
      lastOperatorNonce = Math.max(lastOperatorNonce + 1, systemClock.now() * 1000);
      const nonce = fuzzed.proof === 'stale' ? '1' : String(lastOperatorNonce);
      const signed = { method: fuzzed.method, target: path, body, nonce };
      const proof = fuzzed.proof === 'none' ? {} : signOperatorRequest(signed, key, addressOfPrivateKey(PROVIDER_KEY));
      const own = typeof fuzzed.proof === 'object' ? fuzzed.proof : undefined;
      const claimed = own ? sendable({ 'x-provider-nonce': own.nonce, 'x-provider-signature': own.signature }) : {};
      return exchange(lab.operator.service.url + path, {
        method: fuzzed.method as Dispatcher.HttpMethod,
        headers: { ...sendable(fuzzed.headers), ...proof, ...claimed, 'content-type': 'application/json' },
        body: body === '' ? null : body,
      });
    },

    async raw(service, bytes) {
      const url = service === 'provider' ? lab.lab.provider().url : lab.operator.service.url;
      return String(await sendRaw(Number(new URL(url).port), bytes, systemClock));
    },

    close: () => dispatcher.destroy(),
  };
}

/** What an HTTP client agrees to send as a header. */
function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers)
    .filter(([name]) => name !== 'expect')
    .map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, 4000)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function asText(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed();
}
