import { describe, expect, it } from 'vitest';
import { compileOddContracts } from './compile-odd.ts';
import { readOddArtifacts } from './odd-contracts.ts';

describe('contracts/src', () => {
  it('compiles offline, without a warning, to the bytecode that the repository carries', async () => {
    // Differs? node scripts/compile-contracts.ts
    expect(await compileOddContracts()).toEqual(await readOddArtifacts());
  });
});
