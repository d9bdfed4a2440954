import path from 'node:path';
import hardhatEthers from '@nomicfoundation/hardhat-ethers';
import { defineConfig } from 'hardhat/config';
import { SOLIDITY_SETTINGS, SOLIDITY_VERSION } from './contracts/solidity-settings.ts';

export default defineConfig({
  plugins: [hardhatEthers],
  solidity: {
    compilers: [
      {
        version: SOLIDITY_VERSION,
        // The compiler from npm, so that nothing is downloaded.
        path: path.join(import.meta.dirname, 'node_modules', 'solc', 'soljson.js'),
        settings: SOLIDITY_SETTINGS,
      },
    ],
  },
  paths: { sources: 'contracts/src', artifacts: 'artifacts', cache: 'cache' },
  networks: { default: { type: 'edr-simulated', chainType: 'l1', chainId: 8996 } },
});
