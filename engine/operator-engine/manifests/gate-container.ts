import { createHash } from 'node:crypto';
import type { Container } from '../../kubernetes/pod-types.ts';
import type { Gate, PodSettings } from '../settings.ts';
import * as parts from './pod-parts.ts';

export const GATE_CONTAINER = 'gate';
export const GATE_GREETING = 'GATE_GREETING';

/** The init container that keeps foreign code back until its policy is in force. */
export function gateContainer(
  settings: PodSettings,
  gate: Gate & { readonly mode: 'probe' },
  workflowUid: string | undefined,
): Container {
  return {
    name: GATE_CONTAINER,
    image: settings.podsImage,
    imagePullPolicy: settings.imagePullPolicy,
    command: [...settings.podsCommand('gate')],
    env: parts.envList({
      GATE_TARGETS: gate.targets.join(','),
      GATE_DENIALS: String(gate.denials ?? 3),
      GATE_INTERVAL_MS: String(gate.intervalMs ?? 200),
      GATE_TIMEOUT_MS: String(gate.timeoutMs ?? 30_000),
      [GATE_GREETING]: greetingOf(workflowUid ?? ''),
      HOME: '/tmp',
      TZ: 'UTC',
    }),
    resources: {
      requests: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '16Mi' },
      limits: { cpu: '1', memory: '128Mi', 'ephemeral-storage': '16Mi' },
    },
    securityContext: parts.containerSecurity(settings),
  };
}

/** The same for the same job, and nothing that its algorithm is ever told: it cannot pass for its gate. */
function greetingOf(workflowUid: string): string {
  return `gate ${createHash('sha256').update(`gate of ${workflowUid}`).digest('hex').slice(0, 32)}`;
}
