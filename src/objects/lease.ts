/** Lease: a node's heartbeat, or a leader's claim. */
import { kind } from './meta.js';
import { type Infer, int32, object, string, time } from './schema.js';

const COORDINATION = 'io.k8s.api.coordination.v1.';

export const Lease = kind(`${COORDINATION}Lease`, {
  spec: object(
    {
      holderIdentity: string(),
      leaseDurationSeconds: int32(),
      acquireTime: time(),
      renewTime: time(),
      leaseTransitions: int32(),
      strategy: string(),
      preferredHolder: string(),
    },
    { name: `${COORDINATION}LeaseSpec` },
  ),
});
export type Lease = Infer<typeof Lease>;
