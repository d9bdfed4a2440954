import { runOperatorService } from './env.ts';

process.exitCode = await runOperatorService();
