import fc from 'fast-check';
import { describe, it } from 'vitest';
import { xmlOf } from '../signed-request.ts';
import { md5Hex } from '../contract/subject.ts';
import type { TestServer } from './test-server.ts';
import { startTestServer } from './test-server.ts';

/** The service as a map: what any sequence of requests must look like from outside. */
interface Model {
  readonly objects: Map<string, Buffer>;
  readonly bucket: string;
}
type Command = fc.AsyncCommand<Model, TestServer>;

const pathOf = (model: Model, key: string): string => `/${model.bucket}/${encodeURIComponent(key)}`;
const mismatch = (what: string): Error => new Error(`The service and the model differ: ${what}`);

function check(isSame: boolean, what: string): void {
  if (!isSame) throw mismatch(what);
}

const put = (key: string, body: Buffer): Command => ({
  check: () => true,
  async run(model, server) {
    const answer = await server.call('PUT', pathOf(model, key), body);
    check(answer.status === 200 && answer.headers.etag === `"${md5Hex(body)}"`, 'put');
    model.objects.set(key, body);
  },
  toString: () => `put(${JSON.stringify(key)}, ${body.length})`,
});

const remove = (key: string): Command => ({
  check: () => true,
  async run(model, server) {
    check((await server.call('DELETE', pathOf(model, key))).status === 204, 'delete');
    model.objects.delete(key);
  },
  toString: () => `delete(${JSON.stringify(key)})`,
});

const copy = (from: string, to: string): Command => ({
  check: (model) => model.objects.has(from) && from !== to,
  async run(model, server) {
    const headers = { 'x-amz-copy-source': pathOf(model, from) };
    check((await server.call('PUT', pathOf(model, to), '', { headers })).status === 200, 'copy');
    model.objects.set(to, model.objects.get(from) ?? Buffer.alloc(0));
  },
  toString: () => `copy(${JSON.stringify(from)}, ${JSON.stringify(to)})`,
});

const getRange = (key: string, start: number, length: number): Command => ({
  check: () => true,
  async run(model, server) {
    const answer = await server.call('GET', pathOf(model, key), '', {
      headers: { range: `bytes=${start}-${start + length - 1}` },
    });
    const body = model.objects.get(key);
    if (!body) return check(answer.status === 404, 'get of what is not there');
    if (start >= body.length) return check(answer.status === 416, 'range beyond the end');
    check(answer.status === 206 && answer.body.equals(body.subarray(start, start + length)), 'range');
  },
  toString: () => `getRange(${JSON.stringify(key)}, ${start}, ${length})`,
});

const list = (prefix: string): Command => ({
  check: () => true,
  async run(model, server) {
    const answer = await server.call('GET', `/${model.bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
    const { Contents } = xmlOf(answer)['ListBucketResult'] as { Contents?: unknown };
    const seen = [Contents ?? []].flat().map((entry) => {
      const { Key, Size, ETag } = entry as { Key: string; Size: string; ETag: string };
      return [Key, Size, ETag];
    });
    const expected = [...model.objects]
      .filter(([key]) => key.startsWith(prefix))
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([key, body]) => [key, String(body.length), `"${md5Hex(body)}"`]);
    check(JSON.stringify(seen) === JSON.stringify(expected), `list ${JSON.stringify({ seen, expected })}`);
  },
  toString: () => `list(${JSON.stringify(prefix)})`,
});

const restart: Command = {
  check: () => true,
  run: (_model, server) => server.restart(),
  toString: () => 'restart()',
};

const keys = fc.constantFrom('a', 'a/b', 'a/ü', '../x', 'z\u{1f30a}');
/** On both sides of the size from which a body gets its own file. */
const bodies = fc
  .tuple(fc.constantFrom(0, 1, 1000, 16_384, 16_385, 40_000), fc.integer({ min: 0, max: 255 }))
  .map(([size, fill]) => {
    return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + fill) & 0xff));
  });

describe('the embedded S3 against a model', () => {
  it('agrees after any sequence of requests, restarts included', async ({ expect }) => {
    await using server = await startTestServer();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [
            fc.tuple(keys, bodies).map(([key, body]) => put(key, body)),
            keys.map(remove),
            fc.tuple(keys, keys).map(([from, to]) => copy(from, to)),
            fc
              .tuple(keys, fc.nat(41_000), fc.integer({ min: 1, max: 20_000 }))
              .map(([key, start, length]) => getRange(key, start, length)),
            fc.constantFrom('', 'a', 'a/', '..').map(list),
            fc.constant(restart),
          ],
          { maxCommands: 25 },
        ),
        async (commands) => {
          const bucket = `model-${runs++}`;
          await server.call('PUT', `/${bucket}`);
          await fc.asyncModelRun(() => ({ model: { objects: new Map(), bucket }, real: server }), commands);
        },
      ),
      { numRuns: 40 },
    );
    expect(runs).toBeGreaterThanOrEqual(40);
  });
});
