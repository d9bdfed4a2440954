import { runJobBroker } from './env.ts';

process.exitCode = await runJobBroker();
