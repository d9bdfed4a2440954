import type { JsonObject } from './json.ts';
import type { KindInfo, SchemaFace } from './schema-face.ts';

/** One resource in one version as it is served, built in or from a CRD. */
export interface ServedResource extends KindInfo {
  /** Where its objects are kept: `group/plural`, the same for every version. */
  readonly key: string;
  /** Set for custom resources. */
  readonly custom: CustomVersion | undefined;
}

/** What a CRD says about one of its versions. */
export interface CustomVersion {
  readonly crdName: string;
  /** The structural schema. */
  readonly schema: JsonObject;
  readonly hasStatus: boolean;
  readonly columns: readonly PrinterColumn[];
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

/** Which resources exist at this moment. */
export class ResourceTable {
  readonly #served = new Map<string, ServedResource>();

  constructor(schema: SchemaFace) {
    for (const info of schema.kinds) this.#add({ ...info, key: `${info.group}/${info.resource}`, custom: undefined });
  }

  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#served.get(`${group}/${version}/${resource}`);
  }

  all(): readonly ServedResource[] {
    return [...this.#served.values()];
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.all().some((served) => served.group === group && served.version === version);
  }

  /** Any served version of a kind: what an owner reference names. */
  byKind(apiVersion: string, kind: string): ServedResource | undefined {
    const { group, version } = splitApiVersion(apiVersion);
    const ofKind = this.all().filter((served) => served.group === group && served.kind === kind);
    return ofKind.find((served) => served.version === version) ?? ofKind[0];
  }

  /** Replaces what a CRD serves; an empty list ends it. */
  setCustom(crdName: string, resources: readonly ServedResource[]): void {
    for (const [path, served] of this.#served) if (served.custom?.crdName === crdName) this.#served.delete(path);
    for (const served of resources) this.#add(served);
  }

  #add(served: ServedResource): void {
    this.#served.set(`${served.group}/${served.version}/${served.resource}`, served);
  }
}

export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf(about: { readonly group: string; readonly version: string }): string {
  return about.group === '' ? about.version : `${about.group}/${about.version}`;
}

export function hasSubresource(served: ServedResource, name: string): boolean {
  return served.subresources.some((subresource) => subresource.name === name);
}
