/** One guard, how it is taken away, and whose tests should notice besides the scenario. */
export interface Guard {
  readonly name: string;
  /** What the edits do, in words. */
  readonly lost: string;
  readonly edits: readonly {
    readonly file: string;
    /** Must stand exactly once in the file. */
    readonly find: string;
    readonly replace: string;
  }[];
  /** For vitest: files whose tests guard it. */
  readonly tests: readonly string[];
}

export const GUARDS: readonly Guard[] = [
  {
    name: 'trust list',
    lost: 'an algorithm that is not on the list passes',
    edits: [
      {
        file: 'provider/access/trusted-algorithms.ts',
        find: 'if (entries.length === 0) {',
        replace: 'if (entries.length < 0) {',
      },
    ],
    tests: ['provider/access/trusted-algorithms.test.ts'],
  },
  {
    name: 'payment: whose order',
    lost: "everybody may use everybody's order",
    edits: [
      {
        file: 'provider/access/order.ts',
        find: 'if (!isPartyOf(call, start, of.asset.chain.factory, expected)) {',
        replace: 'if (!isPartyOf(call, start, of.asset.chain.factory, expected) && now() < 0) {',
      },
      {
        file: 'provider/access/order.ts',
        find: 'const ONE_DATATOKEN = 10n ** 18n;',
        replace: 'const ONE_DATATOKEN = 10n ** 18n;\nconst now = (): number => 1;',
      },
    ],
    tests: ['provider/access/order.test.ts'],
  },
  {
    name: 'payment: how long',
    lost: "an order's time is never over",
    edits: [
      {
        file: 'provider/access/order.ts',
        find: 'expected.now > validUntil) {',
        replace: 'expected.now > validUntil + 10 ** 9) {',
      },
    ],
    tests: ['provider/access/order.test.ts'],
  },
  {
    name: 'payment: the fee',
    lost: "a fee's time is never over",
    edits: [
      {
        file: 'provider/access/provider-fee.ts',
        find: 'fee.validUntil <= expected.now',
        replace: 'fee.validUntil + 10 ** 9 <= expected.now',
      },
    ],
    tests: ['provider/access/order.test.ts'],
  },
  {
    name: 'ledger',
    lost: 'an order pays for any number of runs at once',
    edits: [
      {
        file: 'provider/stores/usage-ledger.ts',
        find: 'if (open) return { reserved: false, blockedBy: runOf(open) };',
        replace: 'if (open) sql.prepare(`UPDATE run_orders SET is_open = 0 WHERE order_key = ?`).run(key);',
      },
    ],
    tests: ['provider/stores/usage-ledger.test.ts'],
  },
  {
    name: 'egress rule',
    lost: 'no policy selects the compute pod',
    edits: [
      {
        file: 'engine/operator-engine/manifests/network-policies.ts',
        find: "stages('configure', 'compute', 'publish')",
        replace: "stages('configure', 'publish')",
      },
    ],
    tests: ['engine/operator-engine/manifests/manifests.test.ts'],
  },
  {
    name: 'read-only inputs',
    lost: 'inputs, documents and code are mounted writable',
    edits: [
      {
        file: 'engine/operator-engine/manifests/pods.ts',
        find: '`${parts.DATA_PATH}/${name}`, subPath: name, readOnly };',
        replace: '`${parts.DATA_PATH}/${name}`, subPath: name, readOnly: readOnly && false };',
      },
    ],
    tests: ['engine/operator-engine/manifests/manifests.test.ts'],
  },
  {
    name: 'symlink refusal',
    lost: 'the publisher looks through links',
    edits: [
      {
        file: 'engine/pods/list-outputs.ts',
        find: 'const stat = await lstat(join(root, path));',
        replace: "const stat = await (await import('node:fs/promises')).stat(join(root, path));",
      },
      {
        file: 'engine/pods/upload.ts',
        find: 'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
        replace: 'constants.O_RDONLY | constants.O_NONBLOCK',
      },
    ],
    tests: ['engine/pods/pods.test.ts'],
  },
  {
    name: 'checksum at the start',
    lost: "the algorithm's files are not compared with the approved ones",
    edits: [
      {
        file: 'provider/access/trusted-algorithms.ts',
        find: 'entry.filesChecksum.toLowerCase() !== algorithm.filesChecksum',
        replace: 'entry.filesChecksum.length > 10 ** 6',
      },
    ],
    tests: ['provider/access/trusted-algorithms.test.ts'],
  },
  {
    name: 'checksum in the pod',
    lost: 'what arrives is not compared with what was checked',
    edits: [
      {
        file: 'engine/pods/fetch-file.ts',
        find: 'expected.checksum.toLowerCase() !== sha256) {',
        replace: 'expected.checksum.length > 10 ** 6) {',
      },
    ],
    tests: ['engine/pods/pods.test.ts'],
  },
  {
    name: 'ownership of results',
    lost: "a job's results go to whoever asks",
    edits: [
      {
        file: 'engine/operator-service/jobs.ts',
        find: '(selector.owner === undefined || sameAddress(job.owner, selector.owner)) &&',
        replace: '',
      },
      {
        file: 'engine/operator-service/jobs.ts',
        find: 'selector.owner === undefined ? cache.list() : cache.byIndex(BY_OWNER, ownerDigest(selector.owner));',
        replace: 'cache.list();',
      },
    ],
    tests: ['harness/integration/operator/operator.test.ts'],
  },
  {
    name: 'names of results',
    lost: 'the unsigned status tells file names',
    edits: [
      {
        file: 'provider/compute/redact-job.ts',
        find: 'map(({ index, filesize, type }) => ({ index, filesize, type }));',
        replace: 'map((result) => ({ ...result }));',
      },
    ],
    tests: ['harness/integration/provider/job-routes.test.ts'],
  },
  {
    name: 'signature',
    lost: 'every signature is good',
    edits: [
      {
        file: 'provider/auth/authenticator.ts',
        find: 'if (!(await isSigned(proof, messages))) throw signatureInvalid();',
        replace: '',
      },
    ],
    tests: ['provider/auth/authenticator.test.ts'],
  },
  {
    name: 'nonce',
    lost: 'a nonce may be used again',
    edits: [
      {
        file: 'provider/stores/nonce-store.ts',
        find: 'WHERE excluded.sort_key > nonces.sort_key`,',
        replace: 'WHERE 1 = 1`,',
      },
    ],
    tests: ['provider/stores/nonce-store.test.ts'],
  },
  {
    name: 'compute only',
    lost: 'the files of a compute service can be downloaded',
    edits: [
      {
        file: 'provider/routes/download.ts',
        find: "if (service.type !== 'access' && !isEnvironment) {",
        replace: "if (service.type === 'neither' && !isEnvironment) {",
      },
    ],
    tests: ['harness/integration/provider/compute-case.test.ts'],
  },
  {
    name: 'paid time',
    lost: 'a job runs as long as it likes',
    edits: [
      {
        file: 'provider/compute/workflow.ts',
        find: 'Math.floor(Math.min(environmentLimit, ...ends.map((end) => end - now)))',
        replace: 'Math.floor(Math.min(environmentLimit, ...ends.map((end) => end - now + 30)))',
      },
      {
        file: 'engine/operator-engine/compute-time.ts',
        find: 'validUntil > 0 ? validUntil * 1000 : Infinity',
        replace: 'validUntil > 0 ? (validUntil + 30) * 1000 : Infinity',
      },
    ],
    tests: ['provider/compute/fee.test.ts'],
  },
  {
    name: 'volume at the end',
    lost: 'the volume of an ended job stays',
    edits: [
      {
        file: 'engine/operator-engine/plan-ended.ts',
        find: "if (volume !== undefined && !volume.isDeleting) deletions.push({ do: 'deleteVolume', uid: volume.uid });",
        replace: '',
      },
      {
        file: 'engine/operator-engine/plan-ended.ts',
        find: 'const isGone = volume === undefined && STAGES',
        replace: 'const isGone = STAGES',
      },
    ],
    tests: ['engine/operator-engine/plan.test.ts'],
  },
];
