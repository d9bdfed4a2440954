import type { Ddo, TrustEntry } from '../../harness/index.ts';

/** The document with exactly these algorithms allowed, by list alone. */
export function allowingOnly(ddo: Ddo, entries: readonly TrustEntry[]): Ddo {
  for (const { compute } of ddo.services) {
    if (!compute) continue;
    compute.publisherTrustedAlgorithms = entries.map((entry) => ({ ...entry }));
    compute.publisherTrustedAlgorithmPublishers = [];
  }
  return ddo;
}

/** The document with these algorithms allowed beside those that are. */
export function allowingToo(ddo: Ddo, entries: readonly TrustEntry[]): Ddo {
  for (const { compute } of ddo.services) {
    if (!compute) continue;
    const listed = compute.publisherTrustedAlgorithms;
    compute.publisherTrustedAlgorithms = [...(Array.isArray(listed) ? listed : []), ...entries.map((e) => ({ ...e }))];
  }
  return ddo;
}

export function trustedDids(ddo: Ddo): readonly string[] {
  const listed = ddo.services[0]?.compute?.publisherTrustedAlgorithms;
  return Array.isArray(listed) ? listed.map(({ did }) => did) : [];
}
