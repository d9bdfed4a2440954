import { createServer } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { borrowClassicHome, restoreClassicHome, tellClassicScripts } from './classic-home.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';

/** Where suites that were written for the classic docker network look for its parts on the host. */
export const CLASSIC_PORTS = { chain: 8545, metadataCache: 5000, provider: 8030, operatorService: 31_000 } as const;

export type ClassicPorts = { readonly [Name in keyof typeof CLASSIC_PORTS]: number };

/** Addresses of the docker network itself, as they stand in documents that such suites publish. */
const CLASSIC_ORIGINS = {
  metadataCache: 'http://172.15.0.5:5000',
  provider: 'http://172.15.0.4:8030',
  secondProvider: 'http://172.15.0.7:8030',
  operatorService: 'http://172.15.0.13:31000',
} as const;

/**
 * Images that test assets name, each with the digest that an outside registry gave it. Those with Node or Python of this
 * machine run the same programs.
 */
const CLASSIC_IMAGES = ['ubuntu=node', 'oceanprotocol/algo_dockers=python'] as const;

export interface ClassicNetwork {
  readonly config: Pick<TestbedConfig, 'ports' | 'aliases' | 'addressFile' | 'images'>;
  /** Takes away what another network has left that would tell a script to begin. Before the start, once the ports are known to be free. */
  begin(): Promise<void>;
  /** Tells the scripts that wait. */
  ready(): void;
  /** Leaves the home folder as it was. */
  end(): void;
}

export interface ClassicOptions {
  /** Where it is written down what the home folder was like. */
  readonly stateRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly providers: number;
  readonly backend: string;
  readonly images: readonly string[];
  readonly addressFile?: string | undefined;
  /** Default: the classic ones. */
  readonly ports?: ClassicPorts;
}

/** Takes the place of the classic docker network: its ports, its addresses, its files in the home folder. */
export function classicNetwork({
  stateRoot,
  env,
  providers,
  backend,
  images,
  addressFile,
  ports = CLASSIC_PORTS,
}: ClassicOptions): ClassicNetwork {
  const ocean = path.join(env['HOME'] ?? homedir(), '.ocean');
  const artifacts = path.join(ocean, 'ocean-contracts/artifacts');
  const files = {
    ready: ['ocean-contracts/artifacts/ready', 'ocean-c2d/ready'].map((name) => path.resolve(ocean, name)),
    addresses: path.resolve(addressFile ?? env['ADDRESS_FILE'] ?? path.join(artifacts, 'address.json')),
  };
  let hasBegun = false;
  return {
    config: {
      ports,
      aliases: aliasesOf(providers, ports),
      addressFile: files.addresses,
      // A cluster of its own pulls or is given its images.
      images: [...images, ...(backend === 'embedded' ? CLASSIC_IMAGES : [])],
    },
    async begin() {
      await requireFreePorts(providers, ports);
      borrowClassicHome(stateRoot, files);
      hasBegun = true;
    },
    ready: () => tellClassicScripts(stateRoot, files),
    end() {
      if (hasBegun) restoreClassicHome(stateRoot);
    },
  };
}

function aliasesOf(
  providers: number,
  { metadataCache, provider, operatorService }: ClassicPorts,
): Record<string, string> {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    [CLASSIC_ORIGINS.metadataCache]: at(metadataCache),
    [CLASSIC_ORIGINS.provider]: at(provider),
    [CLASSIC_ORIGINS.operatorService]: at(operatorService),
    ...(providers > 1 ? { [CLASSIC_ORIGINS.secondProvider]: at(provider + 1) } : {}),
  };
}

/** @throws WavetankError PORT_TAKEN (environment) */
async function requireFreePorts(providers: number, { provider, ...others }: ClassicPorts): Promise<void> {
  const ports = [...Object.values(others), ...Array.from({ length: providers }, (_, i) => provider + i)];
  for (const port of ports) {
    const server = createServer();
    try {
      await listen(server, { port });
    } catch (error) {
      throw new WavetankError('PORT_TAKEN', `Port ${port} of the classic network is in use on this machine.`, {
        category: 'environment',
        hint: 'End what listens there, another testbed or the docker network itself, or leave out --classic-ports.',
        cause: error,
      });
    }
    await closeServer(server);
  }
}
