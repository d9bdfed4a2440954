// The process in which a node lives: see `startNodeProcess`.
import { enableCompileCache, flushCompileCache } from 'node:module';
import type { FromNodeProcess, ToNodeProcess } from './node-messages.ts';

const [compileCache] = process.argv.slice(2);
// Before anything large is loaded.
if (compileCache) enableCompileCache(compileCache);
// Whoever started it has ended: nobody is left to serve, and nothing here outlives the process.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const [{ startServedNode }, { watchStrayConnections }, { createNative }, { systemClock }, { carriedError }] =
  await Promise.all([
    import('./served-node.ts'),
    import('../observe/stray-connections.ts'),
    import('../../core/native.ts'),
    import('../../core/clock.ts'),
    import('./node-messages.ts'),
    // Not used here: it takes the longest, and may as well be on its way before the settings are.
    import('hardhat/hre'),
  ]);

const strays = watchStrayConnections((port) => tell({ type: 'stray', port }));
let starting: ReturnType<typeof startServedNode> | undefined;

process.on('message', (message: ToNodeProcess) => {
  switch (message.type) {
    case 'start':
      starting = startServedNode(message.settings, { clock: systemClock, native: createNative() });
      starting.then(
        ({ url }) => tell({ type: 'started', url }),
        (error: unknown) => tell({ type: 'failed', error: carriedError(error) }),
      );
      break;
    case 'call':
      answer(message).catch((error: unknown) => tell({ type: 'refusal', id: message.id, error: carriedError(error) }));
      break;
    case 'stop':
      stop().then(
        () => tell({ type: 'stopped' }),
        (error: unknown) => tell({ type: 'failed', error: carriedError(error) }),
      );
      break;
  }
});
tell({ type: 'ready' });

function tell(message: FromNodeProcess): void {
  // A message that finds nobody is met by the listener above.
  process.send?.(message, undefined, {}, () => undefined);
}

async function answer({ id, call }: Extract<ToNodeProcess, { type: 'call' }>): Promise<void> {
  const node = await starting;
  tell({ type: 'answer', id, result: await node?.handle(call) });
}

async function stop(): Promise<void> {
  const node = await starting?.catch(() => undefined);
  await node?.stop();
  strays.stop();
  // It will be killed, which would lose what was compiled for the first time.
  flushCompileCache();
}
