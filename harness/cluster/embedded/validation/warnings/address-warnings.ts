import { isIPv4, isIPv6 } from 'node:net';

/** How an address is written by the rules of RFC 5952. */
function canonicalV6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** An address that is accepted, but not as it should be written. */
export function addressWarnings(field: string, address: string): string[] {
  if (isIPv4(address) || !isIPv6(address)) return [];
  const canonical = canonicalV6(address);
  return canonical === address
    ? []
    : [`${field}: IPv6 address ${JSON.stringify(address)} should be in RFC 5952 canonical format ("${canonical}")`];
}

/** A range that is accepted, but whose address has bits beyond its prefix. */
export function rangeWarnings(field: string, range: string): string[] {
  const [address = '', prefix = ''] = range.split('/');
  if (!/^\d+$/.test(prefix)) return [];
  if (isIPv4(address)) {
    const network = networkOf(address, Number(prefix));
    return network === address
      ? []
      : [
          `${field}: CIDR value ${JSON.stringify(range)} is ambiguous in this context (should be "${network}/${prefix}" or "${address}/32"?)`,
        ];
  }
  const canonical = isIPv6(address) ? canonicalV6(address) : address;
  return canonical === address
    ? []
    : [
        `${field}: IPv6 CIDR value ${JSON.stringify(range)} should be in RFC 5952 canonical format ("${canonical}/${prefix}")`,
      ];
}

function networkOf(address: string, prefix: number): string {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const start = Math.floor(bits / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.');
}
