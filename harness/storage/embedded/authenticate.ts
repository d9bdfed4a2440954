import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import { S3Error } from './errors.ts';
import type { PayloadKind } from './payload-kind.ts';
import { parsePayloadKind } from './payload-kind.ts';
import type { CredentialScope } from './sigv4.ts';
import {
  ALGORITHM,
  amzDateOf,
  canonicalRequest,
  ChunkSigner,
  parseAmzDate,
  sign,
  signingKey,
  stringToSign,
} from './sigv4.ts';
import type { Target } from './target.ts';
import type { User, Users } from './users.ts';

/** The real service's limits: clocks may differ by 15 minutes, and a presigned URL lives for a week at most. */
const LARGEST_SKEW_MS = 15 * 60_000;
const LONGEST_EXPIRY_SECONDS = 604_800;

/** Who asks, and how the body is to be checked. */
export interface Identity {
  readonly user: User;
  readonly payload: PayloadKind;
  /** Continues the chain of signatures from the request's own one. */
  readonly chunkSigner: () => ChunkSigner;
}

/** The claim of a request before it is checked: the same for a header and for a presigned URL. */
interface Claim {
  readonly accessKey: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly amzDate: string;
  readonly payloadHash: string;
  readonly isPresigned: boolean;
}

export interface Authority {
  readonly users: Users;
  readonly clock: Clock;
  readonly region: string;
}

/**
 * Checks a signature version 4, in the Authorization header or in the query.
 * @throws S3Error AccessDenied, AuthorizationHeaderMalformed, AuthorizationQueryParametersError, InvalidAccessKeyId,
 * RequestTimeTooSkewed, SignatureDoesNotMatch
 */
export function authenticate(request: IncomingMessage, target: Target, authority: Authority): Identity {
  const claim = readClaim(request, target, authority);
  const user = authority.users.find(claim.accessKey);
  if (!user) throw new S3Error('InvalidAccessKeyId', undefined, { facts: { AWSAccessKeyId: claim.accessKey } });
  const key = signingKey(user.secretKey, claim.scope);
  const canonical = canonicalRequest({
    method: target.method,
    path: target.path,
    query: target.query.entries.filter(([name]) => name !== 'X-Amz-Signature'),
    headers: signedHeaderValues(request, claim.signedHeaders),
    payloadHash: claim.payloadHash,
  });
  const expected = sign(key, stringToSign(claim.amzDate, claim.scope, canonical));
  if (!equalText(expected, claim.signature)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      facts: { AWSAccessKeyId: claim.accessKey, CanonicalRequest: canonical },
    });
  }
  const { scope, amzDate } = claim;
  return {
    user,
    payload: parsePayloadKind(claim.payloadHash),
    chunkSigner: () => new ChunkSigner({ key, amzDate, scope, seedSignature: expected }),
  };
}

function readClaim(request: IncomingMessage, target: Target, authority: Authority): Claim {
  const header = request.headers.authorization;
  const isPresigned = target.query.has('X-Amz-Signature') || target.query.has('X-Amz-Algorithm');
  if (header !== undefined && isPresigned) {
    throw new S3Error('InvalidArgument', 'Only one way of authentication is allowed: the header or the query.');
  }
  if (header === undefined && !isPresigned) throw new S3Error('AccessDenied', 'Anonymous access is not allowed.');
  // Temporary credentials have tokens; no access key here has one.
  if (request.headers['x-amz-security-token'] !== undefined || target.query.has('X-Amz-Security-Token')) {
    throw new S3Error('InvalidToken');
  }
  const claim =
    header === undefined ? claimFromQuery(request, target, authority) : claimFromHeader(request, header, authority);
  requireSigned(request, claim);
  return claim;
}

function claimFromHeader(request: IncomingMessage, header: string, authority: Authority): Claim {
  if (!header.startsWith(`${ALGORITHM} `)) {
    throw new S3Error('InvalidRequest', `The authorization mechanism is not supported. Use ${ALGORITHM}.`);
  }
  const fields = new Map(
    header
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => field.trim().split(/=(.*)/s, 2) as [string, string | undefined]),
  );
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = fields.get('SignedHeaders') ?? '';
  if (signature === '' || signedHeaders === '') throw new S3Error('AuthorizationHeaderMalformed');
  const { accessKey, scope } = parseCredential(
    fields.get('Credential') ?? '',
    authority,
    'AuthorizationHeaderMalformed',
  );
  const payloadHash = request.headers['x-amz-content-sha256'];
  if (typeof payloadHash !== 'string') {
    throw new S3Error('InvalidRequest', 'The header x-amz-content-sha256 is missing.');
  }
  const amzDate = requestDate(request, authority, scope);
  return {
    accessKey,
    scope,
    signedHeaders: signedHeaders.split(';'),
    signature,
    amzDate,
    payloadHash,
    isPresigned: false,
  };
}

function requestDate(request: IncomingMessage, authority: Authority, scope: CredentialScope): string {
  const header = request.headers['x-amz-date'];
  const at = typeof header === 'string' ? parseAmzDate(header) : Date.parse(request.headers.date ?? '');
  if (at === undefined || Number.isNaN(at)) {
    throw new S3Error('AccessDenied', 'A signed request needs a valid Date or x-amz-date header.');
  }
  const now = authority.clock.now();
  if (Math.abs(now - at) > LARGEST_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      facts: {
        RequestTime: amzDateOf(at),
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(LARGEST_SKEW_MS),
      },
    });
  }
  const amzDate = amzDateOf(at);
  if (!amzDate.startsWith(scope.date)) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The date of the credential is not the date of the request.');
  }
  return amzDate;
}

function claimFromQuery(request: IncomingMessage, target: Target, authority: Authority): Claim {
  const malformed = 'AuthorizationQueryParametersError';
  const field = (name: string): string => {
    const value = target.query.get(name);
    if (value === undefined || value === '') throw new S3Error(malformed, `The query parameter ${name} is missing.`);
    return value;
  };
  if (field('X-Amz-Algorithm') !== ALGORITHM) throw new S3Error(malformed, `X-Amz-Algorithm must be ${ALGORITHM}.`);
  const { accessKey, scope } = parseCredential(field('X-Amz-Credential'), authority, malformed);
  const amzDate = field('X-Amz-Date');
  const at = parseAmzDate(amzDate);
  if (at === undefined || !amzDate.startsWith(scope.date)) throw new S3Error(malformed, 'X-Amz-Date is not valid.');
  const expires = field('X-Amz-Expires');
  const seconds = Number(expires);
  if (!/^\d{1,7}$/.test(expires) || seconds < 1 || seconds > LONGEST_EXPIRY_SECONDS) {
    throw new S3Error(malformed, `X-Amz-Expires must be from 1 to ${LONGEST_EXPIRY_SECONDS} seconds.`);
  }
  checkLifetime(at, seconds, authority.clock.now());
  const payloadHash =
    target.query.get('X-Amz-Content-Sha256') ?? request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return {
    accessKey,
    scope,
    signedHeaders: field('X-Amz-SignedHeaders').split(';'),
    signature: field('X-Amz-Signature'),
    amzDate,
    payloadHash: String(payloadHash),
    isPresigned: true,
  };
}

function checkLifetime(at: number, seconds: number, now: number): void {
  const facts = { Expires: new Date(at + seconds * 1000).toISOString(), ServerTime: new Date(now).toISOString() };
  if (now < at - LARGEST_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not valid yet', { facts });
  if (now > at + seconds * 1000) throw new S3Error('AccessDenied', 'Request has expired', { facts });
}

function parseCredential(
  credential: string,
  authority: Authority,
  malformed: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): { accessKey: string; scope: CredentialScope } {
  const [terminator, service, region, date, ...rest] = credential.split('/').toReversed();
  const accessKey = rest.toReversed().join('/');
  if (terminator !== 'aws4_request' || service !== 's3' || region === undefined || accessKey === '') {
    throw new S3Error(malformed, 'The credential must be accessKey/date/region/s3/aws4_request.');
  }
  if (date === undefined || !/^\d{8}$/.test(date))
    throw new S3Error(malformed, 'The date of the credential is not valid.');
  if (region !== authority.region) {
    throw new S3Error(malformed, `The region '${region}' is wrong; expecting '${authority.region}'.`, {
      facts: { Region: authority.region },
    });
  }
  return { accessKey, scope: { date, region, service } };
}

/** What is not signed could have been added on the way: host, and every header that changes what S3 does. */
function requireSigned(request: IncomingMessage, claim: Claim): void {
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !claim.signedHeaders.includes(name),
  );
  if (claim.isPresigned) remove(unsigned, 'x-amz-content-sha256');
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    facts: { HeadersNotSigned: unsigned.join(', ') },
  });
}

function remove(names: string[], name: string): void {
  const index = names.indexOf(name);
  if (index !== -1) names.splice(index, 1);
}

/** Values as sent, repeated headers joined by commas; a header that is signed but absent counts as empty. */
function signedHeaderValues(request: IncomingMessage, names: readonly string[]): [string, string][] {
  const values = new Map<string, string[]>(names.map((name) => [name, []]));
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    values.get((request.rawHeaders[index] ?? '').toLowerCase())?.push(request.rawHeaders[index + 1] ?? '');
  }
  return [...values].map(([name, found]) => [name, found.join(',')]);
}

function equalText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
