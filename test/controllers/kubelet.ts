/** Nodes and a kubelet without a machine: every Pod is started and ended at once. */

import type { Api } from '../../src/client/api.js';
import { reflect } from '../../src/client/reflector.js';
import type { Pod } from '../../src/objects/kinds.js';
import { type KubeObject, type Resource, resources } from '../../src/objects/resources.js';

const { pods, nodes } = resources;

/** Creates without what the server fills in. */
export const create = <T extends KubeObject>(api: Api, resource: Resource<T>, object: object) =>
  api.create(resource as unknown as Resource, object as KubeObject);

export async function registerNode(api: Api, name: string): Promise<void> {
  const made = await create(api, nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }];
  const status = { allocatable: { cpu: '64', pods: '500' }, conditions };
  await api.updateStatus(nodes as unknown as Resource, { ...made, status });
}

/** A kubelet for all nodes that starts and ends every Pod at once. */
export async function runPods(api: Api, signal: AbortSignal): Promise<void> {
  let next = 0;
  const end = (pod: Pod) => api.delete(pods, pod.metadata, { gracePeriodSeconds: 0 }).catch(() => undefined);
  const begin = (pod: Pod) => {
    const ip = `10.244.${++next >> 8}.${next & 255}`;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }] as const;
    return api
      .updateStatus(pods, {
        ...pod,
        status: { ...pod.status, phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions },
      })
      .catch(() => undefined);
  };
  for await (const change of reflect(api, pods, { signal })) {
    if (change.type !== 'upsert') continue;
    const { metadata, spec, status } = change.object;
    if (metadata.deletionTimestamp) void end(change.object);
    else if (spec.nodeName && !status?.podIP) void begin(change.object);
  }
}
