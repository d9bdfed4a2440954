import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WavetankError } from '../../core/errors.ts';

const OWNER = '@nomicfoundation/edr';

/** The package's folder above `dist`, where the installation script puts what npm skipped. */
const NATIVE_FOLDER = fileURLToPath(new URL('../../../native', import.meta.url));

/**
 * Loads the chain's native code before Hardhat asks for it: npm skips its platform package under a Node that is not the pinned one, and takes away
 * again what was added to somebody else's node_modules. So it may lie in a folder of ours.
 * @throws WavetankError CHAIN_BINDING_MISSING (environment)
 */
export function loadNativeBinding(folder: string = NATIVE_FOLDER): void {
  const require = createRequire(import.meta.url);
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const own = specifier.startsWith(`${OWNER}-`) ? wrapperOf(path.join(folder, specifier)) : undefined;
      return own === undefined ? next(specifier, context) : { url: pathToFileURL(own).href, shortCircuit: true };
    },
  });
  try {
    require(OWNER);
  } catch (cause) {
    throw new WavetankError('CHAIN_BINDING_MISSING', "The chain's native code is not installed.", {
      category: 'environment',
      hint: 'Run `npm rebuild` (in another project than this: `npm rebuild wavetank`). npm leaves it out under --ignore-scripts, and under some versions of Node.',
      cause,
    });
  } finally {
    hooks.deregister();
  }
}

/** Lines of JavaScript beside the binary and for its manifest, since a hook's answer is always read as a script. */
function wrapperOf(target: string): string | undefined {
  const isManifest = target.endsWith('/package.json');
  const wrapper = isManifest ? target.replace(/package\.json$/, 'manifest.cjs') : path.join(target, 'wavetank.cjs');
  return existsSync(wrapper) ? wrapper : undefined;
}
