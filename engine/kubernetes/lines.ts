import { WavetankError } from '../../core/errors.ts';

/** One watch event holds one object, and the API server takes none above 3 MiB. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Splits a body into its lines. @throws WavetankError KUBE_LINE_TOO_LONG */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
      if (end > start) yield rest.slice(start, end);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > MAX_LINE_BYTES) throw new WavetankError('KUBE_LINE_TOO_LONG', 'A watch event has no end.');
  }
  if (rest.length > 0) yield rest;
}
