/** One place for how our Solidity is compiled: Hardhat and the bytecode generator must agree. */
export const SOLIDITY_VERSION = '0.8.37';

export const SOLIDITY_SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'paris',
  // No hash of the sources' comments and paths in the bytecode, so that it is the same on every machine.
  metadata: { bytecodeHash: 'none' },
} as const;
