/** POST pods/NAME/eviction: a deletion that asks the Pod's disruption budgets first. */

import type { PodDisruptionBudget } from '../../objects/kinds.js';
import { labelSelector } from '../../objects/selectors.js';
import type { Api, Call, KubeObject } from '../api.js';
import { type Json, readObject } from '../body.js';
import { deleteEntry, deleteOptions } from '../handlers/delete.js';
import { find } from '../handlers/get.js';
import type { ApiResponse } from '../http.js';
import { respondValue } from '../respond.js';
import { ApiError } from '../status.js';

export function evict(api: Api, call: Call): ApiResponse {
  const { request } = call;
  const { deleteOptions: given } = readObject(request.body, request.headers['content-type']) as {
    deleteOptions?: Json;
  };
  const body = Buffer.from(JSON.stringify(given ?? {}));
  const options = deleteOptions({
    ...call,
    request: { ...request, body, headers: { ...request.headers, 'content-type': 'application/json' } },
  });
  const entry = find(api, call);
  const budget = exhaustedBudget(api, entry.object);
  if (budget) {
    const message = `Cannot evict pod as it would violate the pod's disruption budget.`;
    const cause = {
      reason: 'DisruptionBudget',
      message: `The disruption budget ${budget} allows no disruption now`,
      field: '',
    };
    throw new ApiError(429, 'TooManyRequests', message, { causes: [cause] });
  }
  deleteEntry(api, call.resource, entry, options);
  return respondValue(call, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

function exhaustedBudget(api: Api, pod: KubeObject): string | undefined {
  const { namespace, labels } = pod.metadata;
  for (const { object } of api.store
    .collection('poddisruptionbudgets.policy')
    .list(`/poddisruptionbudgets.policy/${namespace}/`)) {
    const { spec, status } = object as unknown as PodDisruptionBudget;
    if (labelSelector(spec?.selector)(labels) && (status?.disruptionsAllowed ?? 0) < 1) return object.metadata.name;
  }
  return undefined;
}
