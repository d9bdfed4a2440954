import { Console } from 'node:console';

/** Lets everything that prints meanwhile, a scenario's `console.log` too, print there. */
export async function withConsoleOn<T>(stream: NodeJS.WritableStream, work: () => Promise<T>): Promise<T> {
  const usual = globalThis.console;
  globalThis.console = new Console(stream, stream);
  try {
    return await work();
  } finally {
    globalThis.console = usual;
  }
}
