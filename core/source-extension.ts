import path from 'node:path';

/** `.ts` in a clone, `.js` in the package: for the few places that name one of our own files. */
export const SOURCE_EXTENSION = path.extname(import.meta.filename);
