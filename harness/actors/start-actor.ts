import type { OceanAddresses } from '../../contracts/address-book.ts';
import type { Clock } from '../../core/clock.ts';
import { createNet } from '../../core/net.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import { openAccount } from './account.ts';
import type { Actor } from './actor.ts';
import { createConsumer } from './create-consumer.ts';
import { createPublisher } from './create-publisher.ts';
import type { AnswerListener } from './outside-http.ts';
import { OutsideHttp } from './outside-http.ts';
import { createPayments } from './payments.ts';
import { ProviderClient } from './provider-client.ts';

export interface ActorOptions {
  /** As authors are named in documents: `EU lab`. */
  readonly name: string;
  readonly privateKey: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly addresses: OceanAddresses;
  readonly providerUrl: string;
  readonly metadataCacheUrl: string;
  readonly clock: Clock;
  readonly onAnswer?: AnswerListener;
}

/** Somebody outside. Its connections end when it stops. */
export function startActor(options: ActorOptions): Actor & RunningResource {
  const { name, providerUrl, metadataCacheUrl, clock, onAnswer, privateKey } = options;
  const net = createNet();
  const account = openAccount({ ...options, net });
  const http = new OutsideHttp({ net, who: name, ...(onAnswer ? { onAnswer } : {}) });
  const provider = new ProviderClient({ http, providerUrl, address: account.address, privateKey });
  const actor: Actor = {
    name,
    address: account.address,
    privateKey,
    ...createPublisher({ name, account, provider, http, metadataCacheUrl }),
    ...createConsumer({ account, provider, payments: createPayments(account), clock }),
  };
  return runningResource(actor, async () => {
    account.close();
    await net.close();
  });
}
