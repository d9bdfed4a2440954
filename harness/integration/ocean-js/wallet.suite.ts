import { BrowserProvider, getBytes, id } from 'ethers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publish } from './assets.ts';
import type { BrowserWallet } from './browser-wallet.ts';
import { openBrowserWallet } from './browser-wallet.ts';
import { ENDLESS_CODE, accessDraft, computeDraft, containerOf, filesOf } from './documents.ts';
import { chooseEnvironment, ended, giveDatatokens, order, start } from './jobs.ts';
import type { OceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';

const { ProviderInstance, Datatoken } = oceanJs;

let wallets: BrowserWallet[];
/** The same lab, its people with a wallet of a browser each. */
let lab: OceanJsLab;

/** Registers the tests; once per file. */
export function describeWallets(given: () => OceanJsLab): void {
  beforeAll(() => {
    const node = given();
    const { accounts, rpcUrl } = node.testbed.endpoints;
    wallets = ['deployer', 'euLab'].map((name) =>
      openBrowserWallet(rpcUrl, accounts.find((account) => account.name === name)?.privateKey ?? ''),
    );
    const [publisher, consumer] = wallets.map((wallet) =>
      new ethers.providers.Web3Provider({
        isMetaMask: true,
        request: ({ method, params }) => wallet.request({ method, params: params ?? [] }),
      }).getSigner(),
    );
    if (!publisher || !consumer) throw new Error('no signers');
    lab = { ...node, publisher, consumer };
  });
  afterAll(() => {
    for (const wallet of wallets ?? []) wallet.close();
  });

  test('ocean.js publishes, orders and downloads through wallets that hand no key and no transaction to the node', async () => {
    const url = lab.testbed.servers.euLab.publish('data.txt', 'hello').url;
    const { did, datatoken } = await publish(lab, filesOf(url), accessDraft());
    const address = await lab.consumer.getAddress();
    await giveDatatokens(lab, [{ did, datatoken } as Awaited<ReturnType<typeof publish>>]);
    const { providerFee } = await ProviderInstance.initialize(did, 'download', 0, address, lab.providerUrl);
    const { hash } = await new Datatoken(lab.consumer, 8996).startOrder(datatoken, address, 0, providerFee);
    const consumeUrl = (await ProviderInstance.getDownloadUrl(
      did,
      'download',
      0,
      hash,
      lab.providerUrl,
      lab.consumer,
    )) as string;
    const { data } = await oceanJs.downloadFile(consumeUrl);
    expect(Buffer.from(data).toString()).toBe('hello');
    for (const { asked } of wallets) {
      expect(asked.get('eth_sendRawTransaction')).toBeGreaterThan(0);
      for (const method of ['eth_sendTransaction', 'eth_sign', 'personal_sign']) expect(asked.has(method)).toBe(false);
    }
  });

  test('a job is paid for, started and stopped with them', async () => {
    const url = lab.testbed.servers.euLab.publish('data.txt', 'hello').url;
    const dataset = await publish(lab, filesOf(url), computeDraft());
    const algorithm = {
      meta: {
        rawcode: ENDLESS_CODE,
        language: 'node',
        version: '1',
        container: containerOf(lab),
      },
    };
    const request = { datasets: [dataset], algorithm, environment: await chooseEnvironment(lab, true) };
    await giveDatatokens(lab, [dataset]);
    const { jobId } = await start(lab, request, await order(lab, request));
    const address = await lab.consumer.getAddress();
    await ProviderInstance.computeStop(dataset.did, address, jobId, lab.providerUrl, lab.consumer);
    expect((await ended(lab, jobId)).status).not.toBe(70);
  });

  test('a page with ethers 6 signs what the Provider asks for', async () => {
    const [, wallet] = wallets;
    if (!wallet) throw new Error('no wallet');
    const page = new BrowserProvider(wallet);
    const signer = await page.getSigner();
    const nonce = String((await ProviderInstance.getNonce(lab.providerUrl, wallet.address)) + 1);
    const signature = await signer.signMessage(getBytes(id(wallet.address + nonce)));
    const expiration = Math.floor(Date.parse('2100-01-01') / 1000);
    const query = new URLSearchParams({ address: wallet.address, expiration: String(expiration), nonce, signature });
    const answer = await fetch(`${lab.providerUrl}/api/services/createAuthToken?${query.toString()}`);
    expect([answer.status, await answer.json()]).toEqual([200, { token: expect.any(String) }]);
    page.destroy();
  });
}
