import { tmpdir } from 'node:os';

/** A Unix socket's path has 107 bytes at most, and those of ours end some seventy below the folder for temporary files. */
const LONGEST = 32;

/** The folder for temporary files, or /tmp where that one's path leaves no room for sockets. */
export function shortTmpdir(folder: string = tmpdir()): string {
  return Buffer.byteLength(folder) <= LONGEST ? folder : '/tmp';
}
