import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

// Modes as they are given. The umask that a testbed is started with may shut others out, and pods run as others.

/** @throws EEXIST */
export function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { mode });
  chmodSync(path, mode);
}

/** It and those above it that are missing. One that exists keeps its mode. */
export function makeDirectories(path: string, mode: number): void {
  const target = resolve(path);
  const first = mkdirSync(target, { recursive: true });
  if (first === undefined) return;
  for (let made = target; made.length >= first.length; made = dirname(made)) chmodSync(made, mode);
}

export function makeFile(path: string, content: string | Buffer, mode: number): void {
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
}
