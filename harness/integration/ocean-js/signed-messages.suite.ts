import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { SERVICE_ENDPOINTS } from '../../../provider/routes/root.ts';
import { ethers, oceanJs } from './ocean-js.ts';
interface Vector {
  readonly message: string;
  readonly text: string;
  readonly signature: string;
}
const { origin, privateKey, vectors } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/vectors/messages.json'), 'utf8'),
) as { origin: string; privateKey: string; vectors: readonly Vector[] };
/** It is asked for its chain, and nothing else of a chain is needed. */
const SIGNER = new ethers.Wallet(privateKey, new ethers.providers.StaticJsonRpcProvider('http://127.0.0.1:1', 8996));
const DID = `did:op:${'aa'.repeat(32)}`;
const JOB = '1f'.repeat(16);
const NONCE = '1700000000001';
const { ProviderInstance } = oceanJs;
/** What a vector of this name must be the signature of, by our own hand. */
const OURS: Readonly<Record<string, string>> = {
  download: signedMessages.download(DID, NONCE),
  computeStart: signedMessages.computeStart({ consumerAddress: SIGNER.address, documentId: DID, nonce: NONCE }),
  computeStop: signedMessages.computeStopWithoutNonce({ consumerAddress: SIGNER.address, jobId: JOB }),
  computeDelete: signedMessages.computeChange({
    consumerAddress: SIGNER.address,
    jobId: JOB,
    documentId: DID,
    nonce: NONCE,
  }),
  computeResult: signedMessages.computeResult(SIGNER.address, JOB, '3', NONCE),
  decrypt: signedMessages.decrypt(`0x${'7a'.repeat(32)}`, SIGNER.address, '8996', NONCE),
  decryptWithoutTransaction: signedMessages.decrypt(`0x${'7b'.repeat(20)}`, SIGNER.address, '8996', NONCE),
  authToken: signedMessages.authToken(SIGNER.address, NONCE),
};
/** A Provider that takes anything and remembers how it was signed. */
const seen: string[] = [];
const server = http.createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://provider');
  const answer = (body: unknown): void => void response.end(JSON.stringify(body));
  if (url.pathname === '/') return answer({ providerAddress: SIGNER.address, serviceEndpoints: SERVICE_ENDPOINTS });
  if (url.pathname.endsWith('/nonce')) return answer({ nonce: String(Number(NONCE) - 1) });
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    seen.push((JSON.parse(text) as { signature: string }).signature);
    answer([]);
  });
});
let url: string;
const asset = { documentId: DID, serviceId: 'svc-1', transferTxId: `0x${'7a'.repeat(32)}` };
const signatureIn = (address: string): string => new URL(address).searchParams.get('signature') ?? '';
async function seenAfter(request: Promise<unknown>): Promise<string> {
  await request;
  return seen[0] ?? '';
}

/** Registers the tests; once per file. */
export function describeSignedMessages(): void {
  beforeAll(async () => {
    url = `http://127.0.0.1:${(await listen(server)).port}`;
  });
  afterAll(() => closeServer(server));
  beforeEach(() => seen.splice(0));

  test.each(vectors)('the text of $message is signed as its vector says', ({ message, text, signature }) => {
    expect(origin).toContain('ocean.js 3.4.6');
    expect(OURS[message]).toBe(text);
    expect(signMessage(text, privateKey)).toBe(signature);
  });

  test('every message has a vector', () => {
    expect(vectors.map(({ message }) => message).toSorted()).toEqual(Object.keys(OURS).toSorted());
  });

  test.each<[string, () => Promise<string>]>([
    [
      'download',
      async () =>
        signatureIn(
          (await ProviderInstance.getDownloadUrl(DID, 'svc-1', 0, asset.transferTxId, url, SIGNER)) as string,
        ),
    ],
    ['computeStart', async () => seenAfter(ProviderInstance.computeStart(url, SIGNER, 'free', asset, asset))],
    ['computeStop', async () => seenAfter(ProviderInstance.computeStop(DID, SIGNER.address, JOB, url, SIGNER))],
    ['computeDelete', async () => seenAfter(ProviderInstance.computeDelete(DID, SIGNER, JOB, url))],
    ['computeResult', async () => signatureIn(await ProviderInstance.getComputeResultUrl(url, SIGNER, JOB, 3))],
  ])('ocean.js signs %s so', async (name, sign) => {
    expect(await sign()).toBe(vectors.find(({ message }) => message === name)?.signature);
  });
}
