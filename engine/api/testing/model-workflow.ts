import { FINALIZERS } from '../names.ts';
import type { WorkFlow, WorkFlowStatus } from '../workflow.ts';

/** A job as an Operator Service makes it, with what a test needs otherwise. */
export function modelWorkflow(spec: Partial<WorkFlow['spec']> = {}, status?: WorkFlowStatus): WorkFlow {
  return {
    apiVersion: 'oceanprotocol.com/v1alpha1',
    kind: 'WorkFlow',
    metadata: { name: 'job-1', namespace: 'ocean', uid: 'w', resourceVersion: '1', finalizers: [FINALIZERS.job] },
    spec: {
      jobId: '1',
      owner: '0xAA',
      agreementId: '0x1',
      chainId: 8996,
      provider: '0xBB',
      environment: 'lab',
      algorithm: { did: 'did:op:a', image: 'node:22', entrypoint: 'node $ALGO' },
      inputs: [{ did: 'did:op:d', serviceId: 's', fileCount: 1 }],
      networkAccess: false,
      maxDurationSeconds: 300,
      validUntil: 0,
      secret: { name: 'job-1-inputs', digest: '' },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}
