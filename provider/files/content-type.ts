/** What data sets and models commonly are. Of several extensions of a type the first is given to files without one. */
const TYPES: readonly (readonly [type: string, ...extensions: string[]])[] = [
  ['text/plain', 'txt', 'log', 'md'],
  ['text/csv', 'csv'],
  ['text/tab-separated-values', 'tsv'],
  ['text/html', 'html', 'htm'],
  ['text/javascript', 'js', 'mjs', 'cjs'],
  ['text/x-python', 'py'],
  ['application/json', 'json'],
  ['application/ld+json', 'jsonld'],
  ['application/xml', 'xml'],
  ['application/yaml', 'yaml', 'yml'],
  ['application/pdf', 'pdf'],
  ['application/zip', 'zip'],
  ['application/gzip', 'gz', 'tgz'],
  ['application/x-tar', 'tar'],
  ['application/vnd.apache.parquet', 'parquet'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['image/png', 'png'],
  ['image/jpeg', 'jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/svg+xml', 'svg'],
  ['image/tiff', 'tif', 'tiff'],
  ['audio/mpeg', 'mp3'],
  ['audio/wav', 'wav'],
  ['video/mp4', 'mp4'],
];

const extensionOfType = new Map(TYPES.map(([type, extension]) => [type, extension]));
const typeOfExtension = new Map(TYPES.flatMap(([type, ...names]) => names.map((name) => [name, type] as const)));

/** The type that a file's name says; undefined when it says none. */
export function typeByName(filename: string): string | undefined {
  return typeOfExtension.get(/\.([^.]+)$/.exec(filename)?.[1]?.toLowerCase() ?? '');
}

/** A name with the extension of the file's type, unless it has one. */
export function nameWithExtension(filename: string, contentType: string | undefined): string {
  if (/[^.]\.[^.]+$/.test(filename)) return filename;
  const extension = extensionOfType.get((contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '');
  return extension === undefined ? filename : `${filename}.${extension}`;
}
