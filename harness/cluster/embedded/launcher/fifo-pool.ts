import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import { TOOL_ENV, shellWord } from './tools.ts';

/**
 * Real pipes for a container's standard output. Node gives its children socket pairs, on which a program cannot open
 * /dev/stdout: one that works in a real container would fail here.
 */
export interface FifoPool {
  take(): Promise<OutputPipe>;
}

export interface OutputPipe {
  /** Until the writer is closed. */
  readonly path: string;
  readonly reader: Readable;
  /** To hand to the child; the owner closes its own copy after the spawn. */
  readonly writeFd: number;
  closeWriter(): void;
}

const BATCH = 16;

/** `run` carries out a command where `dir` is: a shell that is there anyway, since a fork of this process costs several milliseconds. */
export function createFifoPool(run: (command: string) => Promise<void>, dir: string): FifoPool {
  const ready: string[] = [];
  let made = 0;
  let refilling: Promise<void> | undefined;

  const refill = (): Promise<void> => {
    const paths = Array.from({ length: BATCH }, () => `${dir}/f${made++}`);
    // 0666, since a program may open /dev/stdout by name as any user. The directory lets nobody else in.
    refilling ??= run(`mkfifo -m 0666 ${paths.map(shellWord).join(' ')}`)
      .then(() => void ready.push(...paths))
      .finally(() => (refilling = undefined));
    return refilling;
  };
  // The first container need not wait.
  refill().catch(() => undefined);

  return {
    async take() {
      while (ready.length === 0) await refill();
      const path = ready.pop() as string;
      if (ready.length < BATCH / 4) refill().catch(() => undefined);
      return openPipe(path);
    },
  };
}

/** For a launcher without a shell of its own. */
export function runInChild(native: Native): (command: string) => Promise<void> {
  return (command) =>
    new Promise((resolve, reject) => {
      const child = native.spawn('/bin/sh', ['-c', command], { stdio: 'ignore', env: TOOL_ENV });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0
          ? resolve()
          : reject(new WavetankError('FIFO_FAILED', `"${command.slice(0, 100)}" ended with ${code}.`)),
      );
    });
}

function openPipe(path: string): OutputPipe {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Held until the other side has opened it: without any writer, a reader would see the end at once.
  const writeFd = openSync(path, constants.O_WRONLY);
  let isOpen = true;
  return {
    path,
    reader: new Socket({ fd: readFd, readable: true, writable: false }),
    writeFd,
    closeWriter() {
      if (!isOpen) return;
      isOpen = false;
      closeSync(writeFd);
      unlinkSync(path);
    },
  };
}
