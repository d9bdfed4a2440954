/**
 * Folder of each input below `inputs/`: the DID without its prefix, as every classic algorithm expects. A second service
 * of the same DID gets the service id behind it, where the classic stack let it overwrite the first.
 */
export function inputFolders(inputs: readonly { readonly did: string; readonly serviceId: string }[]): string[] {
  const taken = new Set<string>();
  return inputs.map(({ did, serviceId }, i) => {
    const suffix = did.replace(/^did:op:/, '');
    const wished = taken.has(suffix) ? `${suffix}-${serviceId.replaceAll(/[^A-Za-z0-9_-]/g, '_')}` : suffix;
    const folder = taken.has(wished) ? `${wished}-${i}` : wished;
    taken.add(folder);
    return folder;
  });
}
