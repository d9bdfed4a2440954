/** A single event is one job; more is no event of a Provider's. */
const LARGEST_EVENT_CHARS = 1024 * 1024;

/**
 * The data of each event of a `text/event-stream`, as a client outside reads it; comments are dropped.
 * @throws Error when an event is larger than 1 MiB
 */
export async function* eventData(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest = (rest + decoder.decode(chunk, { stream: true })).replaceAll('\r\n', '\n');
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const data = rest
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice('data:'.length).replace(/^ /, ''));
      rest = rest.slice(end + 2);
      if (data.length > 0) yield data.join('\n');
    }
    if (rest.length > LARGEST_EVENT_CHARS) throw new Error('An event is too large.');
  }
}
