import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { assert } from '../errors.ts';
import { checksumAddress, sameAddress } from './address.ts';
import { containerSectionChecksum, filesChecksum } from './checksums.ts';
import { didOf } from './did.ts';
import { decrypt, encrypt } from 'eciesjs';
import { Config } from 'eciesjs/config';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { eciesDecrypt, eciesEncrypt } from './ecies.ts';
import { fromHex, keccak, sha256Hex, toHex } from './hashing.ts';
import { jobIdOf } from './job-id.ts';
import { JOB_STATUS, phaseOfCode } from './job-status.ts';
import { isDocumentHash } from './metadata-encoding.ts';
import { isSignedBy, signOperatorRequest, OPERATOR_AUTH_HEADERS } from './operator-auth.ts';
import { decodeProviderFeeData, encodeProviderFeeData, providerFeeInnerHash, signProviderFee } from './provider-fee.ts';
import {
  addressOfPrivateKey,
  addressOfPublicKey,
  isMessageSignedBy,
  messageDigest,
  recoverMessageSigner,
  signMessage,
} from './signing.ts';

interface Vectors {
  did: { nftAddress: string; chainId: number; did: string };
  'container-checksum': { entrypoint: string; checksum: string; containerSectionChecksum: string };
  'files-checksum': { files: string[]; filesChecksum: string };
  signature: { privateKey: string; address: string; message: string; inner: string; signature: string };
  'provider-fee': {
    privateKey: string;
    providerFeeAddress: string;
    providerFeeToken: string;
    providerFeeAmount: string;
    validUntil: number;
    providerData: string;
    inner: string;
    v: number;
    r: string;
    s: string;
  };
  'metadata-hash': { document: string; raw: string; hexText: string };
  ecies: { recipientPrivateKey: string; blob: string; plaintext: string };
}

/** Vectors come from upstream code: a mistake that our two sides share must not be able to hide. */
function vectors<Name extends keyof Vectors>(name: Name): readonly Vectors[Name][] {
  const file = path.join(import.meta.dirname, '../../fixtures/vectors', `${name}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vectors[Name][] }).vectors;
}

const KEY = `0x${'11'.repeat(32)}`;

describe('vectors of the classic stack', () => {
  test.each(vectors('did'))('DID of $nftAddress on $chainId', ({ nftAddress, chainId, did }) => {
    expect(didOf(nftAddress, chainId)).toBe(did);
    expect(didOf(nftAddress.toLowerCase(), chainId)).toBe(did);
  });

  test.each(vectors('container-checksum'))(
    'container section $entrypoint',
    ({ entrypoint, checksum, containerSectionChecksum: expected }) => {
      expect(containerSectionChecksum({ entrypoint, checksum })).toBe(expected);
    },
  );

  test.each(vectors('files-checksum'))('files $files', ({ files, filesChecksum: expected }) => {
    expect(filesChecksum(files.map((file) => sha256Hex(file)))).toBe(expected);
  });

  test.each(vectors('signature'))('signature over $message', ({ privateKey, address, message, inner, signature }) => {
    expect(addressOfPrivateKey(privateKey)).toBe(address);
    expect(toHex(keccak(message))).toBe(inner);
    expect(signMessage(message, privateKey)).toBe(signature);
    expect(recoverMessageSigner(message, signature)).toBe(address);
  });

  test.each(vectors('provider-fee'))('provider fee of $providerFeeAmount', (vector) => {
    const { privateKey, inner, v, r, s, ...quoted } = vector;
    const fee = { ...quoted, providerFeeAmount: BigInt(quoted.providerFeeAmount) };
    const { providerData } = quoted;
    const decoded = decodeProviderFeeData(providerData);
    assert(decoded, 'decoded');
    expect(encodeProviderFeeData(decoded)).toBe(providerData);
    expect(toHex(providerFeeInnerHash(fee))).toBe(inner);
    expect(signProviderFee(fee, privateKey)).toMatchObject({ v, r, s });
  });

  test.each(vectors('metadata-hash'))('hash of $document', ({ document, raw, hexText }) => {
    const bytes = Buffer.from(document, 'utf8');
    expect(isDocumentHash(bytes, raw, 2)).toBe(true);
    expect(isDocumentHash(bytes, hexText, 0)).toBe(true);
    expect(isDocumentHash(bytes, hexText, 2)).toBe(false);
  });

  test.each(vectors('ecies'))(
    'an encrypted document of the classic stack is read',
    ({ recipientPrivateKey, blob, plaintext }) => {
      expect(Buffer.from(eciesDecrypt(recipientPrivateKey, blob)).toString()).toBe(plaintext);
    },
  );
});

describe('ECIES, as eciesjs reads and writes it', () => {
  const config = new Config();
  config.ellipticCurve = 'secp256k1';
  config.isEphemeralKeyCompressed = false;
  config.isHkdfKeyCompressed = false;
  config.symmetricAlgorithm = 'aes-256-gcm';
  config.symmetricNonceLength = 16;

  test('in both directions', () => {
    const text = Buffer.from('{"files":[]}');
    const ours = fromHex(eciesEncrypt({ privateKey: KEY }, text));
    expect(Buffer.from(decrypt(fromHex(KEY), ours, config)).toString()).toBe(text.toString());
    const publicKey = secp256k1.getPublicKey(fromHex(KEY), false);
    expect(Buffer.from(eciesDecrypt(KEY, encrypt(publicKey, text, config))).toString()).toBe(text.toString());
    expect(
      Buffer.from(
        decrypt(fromHex(KEY), fromHex(eciesEncrypt({ publicKey: toHex(publicKey) }, text)), config),
      ).toString(),
    ).toBe(text.toString());
  });

  test.each(['0x', '0x04', `0x${'00'.repeat(97)}`, `0x04${'11'.repeat(200)}`])(
    '%s is no encrypted document',
    (blob) => {
      expect(() => eciesDecrypt(KEY, blob)).toThrow(expect.objectContaining({ code: 'ECIES_MALFORMED' }));
    },
  );
});

describe('ECIES', () => {
  test('what is encrypted for a key is read with it, and a changed byte is noticed', () => {
    const blob = eciesEncrypt({ privateKey: KEY }, Buffer.from('[]'));
    expect(blob).toMatch(/^0x04/);
    expect(Buffer.from(eciesDecrypt(KEY, blob)).toString()).toBe('[]');
    const changed = `${blob.slice(0, -1)}${blob.endsWith('0') ? '1' : '0'}`;
    expect(() => eciesDecrypt(KEY, changed)).toThrow(/authenticate|tag/i);
  });
});

describe('signatures', () => {
  test('v may be 0 or 1 as well as 27 or 28, and nothing else', () => {
    const signature = signMessage('text', KEY);
    const v = Number.parseInt(signature.slice(-2), 16);
    const withV = (n: number): string => signature.slice(0, -2) + n.toString(16).padStart(2, '0');
    expect(recoverMessageSigner('text', withV(v - 27))).toBe(addressOfPrivateKey(KEY));
    for (const bad of [2, 26, 29, 255]) expect(recoverMessageSigner('text', withV(bad))).toBeUndefined();
  });

  test('signing and recovering give what another implementation of the curve gives', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
    const keys = [KEY, `0x${'22'.repeat(32)}`];
    const flipped = fc.record({ at: fc.nat(64), mask: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...keys), fc.option(flipped), bytes(65), (message, key, flip, noise) => {
        const honest = fromHex(signMessage(message, key));
        expect(toHex(honest)).toBe(signedByNoble(message, key));
        const changed = honest.map((byte, i) => (i === flip?.at ? byte ^ flip.mask : byte));
        const otherBit = honest.map((byte, i) => (i === 64 ? 55 - byte : byte));
        for (const signature of [changed, honest, otherBit, noise]) {
          const signer = recoverMessageSigner(message, toHex(signature));
          expect(signer).toBe(recoveredByNoble(message, signature));
          for (const address of keys.map(addressOfPrivateKey))
            expect(isMessageSignedBy(message, toHex(signature), address.toLowerCase())).toBe(signer === address);
        }
      }),
      { seed: 11, numRuns: 40 },
    );
  });

  test.each(['0x', `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`, KEY.slice(0, -2)])('%s is no private key', (key) => {
    for (const use of [() => signMessage('text', key), () => addressOfPrivateKey(key)])
      expect(use).toThrow(expect.objectContaining({ code: 'PRIVATE_KEY_INVALID' }));
  });

  test('garbage recovers to nobody and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 65, maxLength: 65 }), fc.string(), (bytes, message) => {
        const signer = recoverMessageSigner(message, toHex(bytes));
        expect(signer === undefined || /^0x[0-9a-fA-F]{40}$/.test(signer)).toBe(true);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('addresses', () => {
  test('case is spelling, not identity', () => {
    const lower = '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a';
    expect(checksumAddress(lower)).toBe('0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A');
    expect(sameAddress(lower, lower.toUpperCase().replace('0X', '0x'))).toBe(true);
    expect(sameAddress(lower, undefined)).toBe(false);
  });
});

describe('requests to the Operator Service', () => {
  const request = { method: 'POST', target: '/api/v1/operator/compute?x=1', body: '{"a":1}', nonce: '5' };
  const address = addressOfPrivateKey(KEY);
  const signature = signOperatorRequest(request, KEY, address)[OPERATOR_AUTH_HEADERS.signature] ?? '';

  test('A6: what is verified is what was signed', () => expect(isSignedBy(request, signature, address)).toBe(true));

  test.each([{ method: 'PUT' }, { target: '/api/v1/operator/compute?x=2' }, { body: '{"a":2}' }, { nonce: '6' }])(
    'A6: a signature is worth nothing with %j',
    (change) => expect(isSignedBy({ ...request, ...change }, signature, address)).toBe(false),
  );
});

describe('jobs', () => {
  const identity = {
    chainId: 8996,
    provider: addressOfPrivateKey(KEY),
    owner: addressOfPrivateKey(KEY),
    agreementId: '0xAA',
    nonce: '1',
  };

  test('the same request names the same job, any other another', () => {
    expect(jobIdOf(identity)).toMatch(/^[0-9a-f]{32}$/);
    expect(jobIdOf({ ...identity, owner: identity.owner.toLowerCase() })).toBe(jobIdOf(identity));
    const others = [{ chainId: 1 }, { agreementId: '0xab' }, { nonce: '2' }, { nonce: '01' }].map((change) =>
      jobIdOf({ ...identity, ...change }),
    );
    expect(new Set([jobIdOf(identity), ...others]).size).toBe(5);
  });

  test('every state has a code of its own and is found by it', () => {
    for (const [phase, { code }] of Object.entries(JOB_STATUS)) expect(phaseOfCode(code)).toBe(phase);
    expect(phaseOfCode(99)).toBeUndefined();
  });
});

function signedByNoble(message: string, key: string): string {
  const options = { prehash: false, format: 'recovered' } as const;
  const [recovery = 0, ...rs] = secp256k1.sign(messageDigest(message), fromHex(key), options);
  return toHex(Uint8Array.from([...rs, 27 + recovery]));
}

function recoveredByNoble(message: string, bytes: Uint8Array): string | undefined {
  const v = bytes[64] ?? 255;
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery > 1) return undefined;
  try {
    const signature = secp256k1.Signature.fromBytes(Uint8Array.from([recovery, ...bytes.subarray(0, 64)]), 'recovered');
    return addressOfPublicKey(signature.recoverPublicKey(messageDigest(message)).toBytes(false));
  } catch {
    return undefined;
  }
}
