import { isWavetankError, messageOf } from '../../../core/errors.ts';
import type { RunCommand } from './command.ts';
import { Docker } from './docker.ts';
import { KindCli } from './kind-cli.ts';

export interface KindTools {
  readonly docker: string;
  readonly kind: string;
}

/** Versions of what the backend needs, or what is missing and how to get it. */
export async function findKindTools(run: RunCommand): Promise<KindTools | { readonly missing: string }> {
  try {
    const kind = await new KindCli(run).version();
    return { kind, docker: await new Docker(run).version() };
  } catch (error) {
    const hint = isWavetankError(error) && error.hint !== undefined ? ` ${error.hint}` : '';
    return { missing: `${messageOf(error)}${hint}` };
  }
}
