import { LABELS, MANAGED_BY } from '../../api/names.ts';
import type { Container, Pod } from '../../kubernetes/pod-types.ts';
import { containerSecurity, envList } from '../manifests/pod-parts.ts';
import type { PodSettings } from '../settings.ts';

export const CANARY_POD = 'canary';
export const CONTROL_POD = 'canary-control';
export const CANARY_PORT = 8080;

type CanarySettings = Pick<PodSettings, 'podsImage' | 'imagePullPolicy' | 'podUser'> & {
  readonly namespace: string;
  /** The command of one of our scripts in the pods' image. */
  readonly podsCommand: (script: 'canary' | 'control') => readonly string[];
};

/** May be reached by everybody: what compute pods try to reach, and must not. @param greeting a word that the control alone says */
export function canaryPod(settings: CanarySettings, greeting: string): Pod {
  return podOf(CANARY_POD, settings, {
    command: [...settings.podsCommand('canary')],
    env: envList({ CANARY_PORT: String(CANARY_PORT), CANARY_SILENT_FOR: greeting, TZ: 'UTC' }),
    ports: [{ containerPort: CANARY_PORT }],
  });
}

/** Reaches them all the time: that a compute pod does not is then no accident. @param targets `host:port` */
export function controlPod(settings: CanarySettings, targets: readonly string[], greeting: string): Pod {
  return podOf(CONTROL_POD, settings, {
    command: [...settings.podsCommand('control')],
    env: envList({ GATE_TARGETS: targets.join(','), GATE_GREETING: greeting, TZ: 'UTC' }),
  });
}

function podOf(name: string, settings: CanarySettings, container: Partial<Container>): Pod {
  const { namespace, podsImage, imagePullPolicy, podUser } = settings;
  return {
    metadata: { name, namespace, labels: { [LABELS.managedBy]: MANAGED_BY, 'app.kubernetes.io/name': name } },
    spec: {
      restartPolicy: 'Always',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          image: podsImage,
          imagePullPolicy,
          ...container,
          resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
          securityContext: containerSecurity({ podUser }),
        },
      ],
    },
  };
}
