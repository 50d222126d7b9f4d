/** POST pods/NAME/binding: the scheduler's decision. Knows that a Pod is bound once. */

import type { Api, Call, KubeObject } from '../api.js';
import { readObject } from '../body.js';
import { find } from '../handlers/get.js';
import { writeOptions } from '../handlers/input.js';
import type { ApiResponse } from '../http.js';
import { respondValue } from '../respond.js';
import { groupResource } from '../served.js';
import { badRequest, conflict } from '../status.js';
import { timestamp } from '../write.js';

interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

export function bind(api: Api, call: Call): ApiResponse {
  const body = readObject(call.request.body, call.request.headers['content-type']);
  const target = body.target as { name?: unknown } | undefined;
  if (typeof target?.name !== 'string' || target.name === '') throw badRequest('target.name: Required value');
  const entry = find(api, call);
  const pod = entry.object;
  const spec = pod.spec as { nodeName?: string };
  const refuse = (why: string) => conflict(groupResource(call.resource), pod.metadata.name, why);
  if (pod.metadata.deletionTimestamp)
    throw refuse(`pod ${pod.metadata.name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName) throw refuse(`pod ${pod.metadata.name} is already assigned to node "${spec.nodeName}"`);
  // Not by updateObject, which holds that a Pod's node never changes.
  if (!writeOptions(call).dryRun) api.store.put(entry.key, bound(pod, target.name));
  return respondValue(call, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

function bound(pod: KubeObject, node: string): KubeObject {
  const status = (pod.status ?? {}) as { conditions?: readonly PodCondition[] };
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp() };
  return {
    ...pod,
    spec: { ...(pod.spec as object), nodeName: node },
    status: { ...status, conditions: [...others, scheduled] },
  };
}
