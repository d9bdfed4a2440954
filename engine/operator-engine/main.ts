import { runOperatorEngine } from './env.ts';

process.exitCode = await runOperatorEngine();
