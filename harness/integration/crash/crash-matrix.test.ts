import { describeCrashMatrix } from './crash-matrix.contract.ts';

describeCrashMatrix({ timeoutMs: 240_000, paidSeconds: 8, patienceMs: 30_000, algorithmMs: 200 });
