/** What a Pod may ask for and the lab does not give. Pure. */

import type { Pod } from '../../objects/pod.js';

/** One sentence for each; empty for most Pods. */
export function notHonoured({ spec }: Pod): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const wishes: readonly (readonly [boolean | undefined, string])[] = [
    [spec.hostPID, 'hostPID: every container has process ids of its own'],
    [spec.hostIPC, 'hostIPC: every container has IPC of its own'],
    [spec.shareProcessNamespace, 'shareProcessNamespace: every container has process ids of its own'],
    [(spec.ephemeralContainers?.length ?? 0) > 0, 'ephemeralContainers: they are not started'],
    [containers.some(({ volumeDevices }) => volumeDevices?.length), 'volumeDevices: there are no block devices'],
    [
      containers.some(({ livenessProbe, readinessProbe, startupProbe }) => {
        return [livenessProbe, readinessProbe, startupProbe].some(probe => probe?.grpc);
      }),
      'grpc probes: a connection that stands counts as healthy',
    ],
  ];
  return wishes.flatMap(([asked, sentence]) => (asked ? [sentence] : []));
}
