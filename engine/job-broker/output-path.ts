import { WavetankError } from '../../core/errors.ts';

const MAX_PATH_BYTES = 900;

/**
 * A path below outputs as it becomes part of an S3 key.
 * @throws WavetankError OUTPUT_PATH_INVALID (usage) for anything that could mean another place
 */
export function checkedOutputPath(path: string): string {
  const parts = path.split('/');
  const isOdd = parts.some((part) => part === '' || part === '.' || part === '..');
  const hasControls = /[\p{Cc}]/u.test(path);
  if (isOdd || hasControls || path.includes('\\') || Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new WavetankError('OUTPUT_PATH_INVALID', 'Not a path below outputs.', { category: 'usage' });
  return path;
}
