import { afterAll, beforeAll, describe } from 'vitest';
import { describeAccess } from './access.suite.ts';
import { describeClassic } from './classic.suite.ts';
import { describeClientFunctions } from './client-functions.suite.ts';
import { describeCompute } from './compute.suite.ts';
import { describeContracts } from './contracts.suite.ts';
import type { OceanJsLab } from './lab.ts';
import { startOceanJsLab } from './lab.ts';
import { describePublishing } from './publish.suite.ts';
import { describeRecipes } from './recipes.suite.ts';
import { describeSignedMessages } from './signed-messages.suite.ts';
import { describeTwoProviders } from './two-providers.suite.ts';
import { describeWallets } from './wallet.suite.ts';

// All of ocean.js in one file, and so in one process: to load the library takes a second of processor time.

/** The suites that any testbed will do for share one: to start and stop it costs more than most of them. */
describe('one testbed', () => {
  let lab: OceanJsLab;
  beforeAll(async () => {
    lab = await startOceanJsLab({ providers: 2 });
  });
  afterAll(() => lab?.stop());
  const given = (): OceanJsLab => lab;
  // First: its pages promise a fresh testbed.
  describe('recipes', () => {
    describeRecipes(given);
  });
  describe('publishing', () => {
    describePublishing(given);
  });
  describe('compute', () => {
    describeCompute(given);
  });
  describe('two Providers', () => {
    describeTwoProviders(given);
  });
  describe('wallets of a browser', () => {
    describeWallets(given);
  });
  // Last: it moves the chain's clock.
  describe('access', () => {
    describeAccess(given);
  });
});
describe('in place of the classic docker network', () => {
  describeClassic();
});
describe('the contracts alone', () => {
  describeContracts();
});
describe('signed messages', () => {
  describeSignedMessages();
});
describe('the tables of functions', () => {
  describeClientFunctions();
});
