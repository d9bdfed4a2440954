import type { RunningOceanChain } from '../chain/ocean-chain.ts';
import type { RunningResource } from '../../core/resource.ts';
import type { Actor, Actors, LabServers } from '../actors/actor.ts';
import type { AnswerLog } from '../observe/answer-log.ts';
import type { NamedAccounts } from './accounts.ts';
import type { StartContext } from './start-context.ts';

export interface ActorUrls {
  readonly providerUrl: string;
  readonly metadataCacheUrl: string;
}

/** The people outside, each with connections of its own. */
export async function startActors(
  { stack, clock }: StartContext,
  ocean: RunningOceanChain,
  accounts: NamedAccounts,
  urls: ActorUrls,
  answers: AnswerLog,
): Promise<Actors> {
  const { startActor } = await import('../actors/start-actor.ts');
  const actor = (name: string, account: keyof NamedAccounts): Promise<Actor & RunningResource> =>
    stack.start(name, async () =>
      startActor({
        name,
        privateKey: accounts[account].privateKey,
        rpcUrl: ocean.chain.rpcUrl,
        chainId: ocean.chain.chainId,
        addresses: ocean.addresses,
        ...urls,
        clock,
        onAnswer: (answer) => answers.take(answer),
      }),
    );
  const [euLab, usLab, stranger] = await Promise.all([
    actor('EU lab', 'euLab'),
    actor('US lab', 'usLab'),
    actor('stranger', 'stranger'),
  ]);
  return { euLab, usLab, stranger };
}

export async function startLabServers({ stack, stages, entropy }: StartContext): Promise<LabServers> {
  return stages.run('file servers of the labs', async () => {
    const { startFilesHost } = await import('../actors/start-files-host.ts');
    const host = (name: string) => stack.start(name, () => startFilesHost({ name, entropy }));
    const [euLab, usLab] = await Promise.all([host('EU lab data server'), host('US lab code server')]);
    return { euLab, usLab };
  });
}
