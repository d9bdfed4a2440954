import fc from 'fast-check';
import type { BehaviourName } from './hostile-host.ts';
import { BEHAVIOURS } from './hostile-host.ts';

/** Texts that broke somebody's service once. */
const NASTY = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'NaN',
  'null',
  'undefined',
  'true',
  '__proto__',
  'constructor',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '\u0000',
  '\r\nx-injected: 1',
  "' OR 1=1 --",
  '${jndi:ldap://a}',
  '{"a":1}',
  '[]',
  '\ud800',
  '\u202egnirts',
  '0x',
  '0xg',
  `0x${'0'.repeat(40)}`,
  `0x${'f'.repeat(64)}`,
  `0x${'0'.repeat(63)}`,
  'did:op:',
  `did:op:${'0'.repeat(64)}`,
  `did:op:${'f'.repeat(64)}`,
  'did:op:../../x?y=z#',
  'did:web:evil',
  '9007199254740992',
  '9007199254740993',
  '1.0',
  '01',
  '１',
  '1_000',
  '1900000000000000000',
  '9'.repeat(400),
  'a'.repeat(5000),
] as const;

/** Text of any characters, lone surrogates too. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength });

export const nasty = fc.constantFrom(...NASTY);

const HOSTS = [
  'public.test',
  'six.test',
  'private.test',
  'mapped.test',
  'mixed.test',
  'rebind.test',
  'nonsense.test',
  'gone.test',
  '93.184.216.34',
  '127.0.0.1',
  '127.0.0.1:CANARY',
  'localhost:CANARY',
  '[::1]:CANARY',
  '0.0.0.0:CANARY',
  '[::ffff:127.0.0.1]:CANARY',
  '2130706433:CANARY',
  '0x7f.1:CANARY',
  '0177.0.0.1:CANARY',
  '127.1:CANARY',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '224.0.0.1',
  '[fe80::1]',
  '[fd00::1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  'user:secret@public.test',
  'user:secret@127.0.0.1:CANARY',
  '%ff@public.test',
  'public.test:0',
  'public.test:99999',
  'public.test@127.0.0.1:CANARY',
  '',
] as const;

const SCHEMES = [
  'http',
  'http',
  'http',
  'http',
  'https',
  'HTTP',
  'ftp',
  'file',
  'gopher',
  'data',
  'javascript',
  'ws',
] as const;

/** Behaviours that hold a connection until a limit ends it: rare, since each costs that limit. */
const SLOW: readonly BehaviourName[] = ['silent', 'drip', 'pause', 'continues'];
const QUICK = (Object.keys(BEHAVIOURS) as BehaviourName[]).filter(
  (name) => !SLOW.includes(name) && name !== 'redirect',
);

const behaviour = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...QUICK) },
  { weight: 1, arbitrary: fc.constantFrom(...SLOW) },
);

const plainUrl = fc
  .tuple(fc.constantFrom(...SCHEMES), fc.constantFrom(...HOSTS), behaviour)
  .map(([scheme, host, path]) => `${scheme}://${host}/${path}`);

/** Addresses of files: wherever a publisher could point, straight or along redirects. `CANARY` is a port that nobody may reach. */
export const hostileUrl = fc.oneof(
  { weight: 6, arbitrary: plainUrl },
  { weight: 3, arbitrary: behaviour.map((path) => `http://public.test/${path}`) },
  {
    weight: 4,
    arbitrary: plainUrl.map((to) => `http://public.test/redirect?to=${encodeURIComponent(to)}`),
  },
  {
    weight: 1,
    arbitrary: plainUrl.map(
      (to) =>
        `http://public.test/redirect?to=${encodeURIComponent(`http://rebind.test/redirect?to=${encodeURIComponent(to)}`)}`,
    ),
  },
  { weight: 1, arbitrary: nasty },
  // A resolver that never answers costs a whole time limit.
  { weight: 1, arbitrary: fc.constantFrom('http://silent.test/ok', 'http://gone.test/ok', 'http://gone.test/') },
);

/** Any JSON value, small. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: nasty },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 53, 1e308, [], {}, [[]], { a: { b: { c: [] } } }),
  },
  { weight: 1, arbitrary: anyText(40) },
);

export const headerJunk = fc.dictionary(
  fc.constantFrom(
    'range',
    'authtoken',
    'authorization',
    'accept',
    'origin',
    'content-encoding',
    'if-none-match',
    'x-forwarded-for',
    'cookie',
    'access-control-request-method',
    'expect',
  ),
  fc.oneof(
    fc.constantFrom(
      'bytes=0-0',
      'bytes=-1',
      'bytes=5-1',
      'bytes=0-,5-',
      'bytes=99999999999999999999-',
      'text/event-stream',
      'Bearer x.y',
      `Bearer ${'A'.repeat(3000)}`,
      'eyJhbGciOiJub25lIn0.eyJhZGRyZXNzIjoiMHgifQ.',
      'gzip',
      '*/*',
      'GET',
    ),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  ),
  { maxKeys: 3 },
);
