/** PUT namespaces/NAME/finalize: the namespace controller says that nothing is left. Changes only the spec's finalizers. */

import type { Api, Call, KubeObject } from '../api.js';
import { find } from '../handlers/get.js';
import { bodyObject } from '../handlers/input.js';
import type { ApiResponse } from '../http.js';
import { respondObject } from '../respond.js';

export function finalize(api: Api, call: Call): ApiResponse {
  const entry = find(api, call);
  const given = bodyObject(call).spec as { finalizers?: readonly string[] } | undefined;
  const finalizers = given?.finalizers ?? [];
  const { metadata } = entry.object;
  const next: KubeObject = { ...entry.object, spec: { ...(entry.object.spec as object), finalizers } };
  const done = metadata.deletionTimestamp && finalizers.length === 0 && (metadata.finalizers ?? []).length === 0;
  const stored = api.store.put(entry.key, next);
  return respondObject(call, done ? api.store.delete(entry.key)! : stored);
}
