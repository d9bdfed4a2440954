/** One event of a `text/event-stream`. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** A single event is a job or a list of them; more is no event of ours. */
const MAX_EVENT_CHARS = 1024 * 1024;

/**
 * Reads the events of a stream; comments (heartbeats) are dropped.
 * @throws Error when an event is larger than 1 MiB
 */
export async function* readEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    rest = rest.replaceAll('\r\n', '\n');
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = parseEvent(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (event) yield event;
    }
    if (rest.length > MAX_EVENT_CHARS) throw new Error('An event is too large.');
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

export function formatEvent({ event, data }: ServerEvent): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${event === 'message' ? '' : `event: ${event}\n`}${lines.join('')}\n`;
}
