import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compileOddContracts } from '../contracts/compile-odd.ts';
import { ODD_CONTRACTS_FILE } from '../contracts/odd-contracts.ts';

/** Writes the bytecode of contracts/src that the repository carries. Run it after a change there. */
await mkdir(path.dirname(ODD_CONTRACTS_FILE), { recursive: true });
await writeFile(ODD_CONTRACTS_FILE, `${JSON.stringify(await compileOddContracts(), null, 2)}\n`);
