/** What the API server itself decides when an object is written: initial status, generation, and which half of an object a request may change. */

import type { Secret } from './config.js';
import type { EndpointSlice } from './endpoint-slice.js';
import { selectOwnPods } from './job-selector.js';
import { equal, type JsonObject, withKey } from './json.js';
import type { KubeObject, ObjectMeta } from './meta.js';
import type { Namespace } from './namespace.js';
import type { Pod } from './pod.js';
import { qosClass } from './qos.js';
import { apiVersionOf, type Resource } from './resources.js';
import { normaliseService, updateService } from './service-prepare.js';

/** For an object about to be created; its uid must be set. A status that came with it is dropped, except a Node's. */
export function prepareCreate<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const kind = kindOf(resource);
  const generation = counts(resource) ? 1 : undefined;
  const metadata = withKey(object.metadata, 'generation', generation) as ObjectMeta;
  const next: KubeObject = { ...object, metadata };
  const bare = ownsStatus(resource) ? withKey(next, 'status', INITIAL_STATUS[kind]) : next;
  return (Object.hasOwn(CREATE, kind) ? CREATE[kind]!(bare as never) : bare) as T;
}

/** For an object about to replace `old` through its main path: status and the server's own metadata stay, generation counts changes of intent. */
export function prepareUpdate<T extends KubeObject>(resource: Resource<T>, next: T, old: T): T {
  const kind = kindOf(resource);
  const kept: KubeObject = { ...next, metadata: keepMetadata(next.metadata, old.metadata) };
  const whole = ownsStatus(resource) || kind === 'v1 Node' ? withKey(kept, 'status', old.status) : kept;
  const prepared = (Object.hasOwn(UPDATE, kind) ? UPDATE[kind]!(whole as never, old as never) : whole) as T;
  const labels = kind !== SLICE || equal(prepared.metadata.labels ?? {}, old.metadata.labels ?? {});
  if (!counts(resource) || (labels && equal(intent(prepared), intent(old)))) return prepared;
  return { ...prepared, metadata: { ...prepared.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
}

/** For `/status`: takes the status, and of the metadata only what records the write. */
export function prepareStatus<T extends KubeObject>(_resource: Resource<T>, next: T, old: T): T {
  const { resourceVersion, managedFields } = next.metadata;
  const metadata = withKey(withKey(old.metadata, 'resourceVersion', resourceVersion), 'managedFields', managedFields);
  return withKey({ ...old, metadata }, 'status', next.status);
}

const kindOf = (resource: Resource): string =>
  resource.structural ? '' : `${apiVersionOf(resource)} ${resource.kind}`;

/** Its labels say whose it is, so they are intent, too. */
const SLICE = 'discovery.k8s.io/v1 EndpointSlice';

const ownsStatus = (resource: Resource): boolean =>
  resource.subresources.includes('status') && kindOf(resource) !== 'v1 Node';

/** Core kinds have no generation, as in Kubernetes 1.32; custom resources always have. */
function counts(resource: Resource): boolean {
  return resource.structural !== undefined || GENERATIONS.has(resource.plural);
}

const GENERATIONS = new Set([
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'ingresses',
  'ingressclasses',
  'networkpolicies',
  'endpointslices',
  'poddisruptionbudgets',
  'priorityclasses',
  'customresourcedefinitions',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
]);

function intent(object: KubeObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !NOT_INTENT.has(key)));
}
const NOT_INTENT = new Set(['apiVersion', 'kind', 'metadata', 'status']);

function keepMetadata(next: ObjectMeta, old: ObjectMeta): ObjectMeta {
  let kept = next;
  for (const key of SERVER_OWNED) kept = withKey(kept, key, old[key]) as ObjectMeta;
  return kept;
}
const SERVER_OWNED = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'selfLink',
] as const;

const INITIAL_STATUS: Readonly<Record<string, JsonObject>> = {
  'v1 Namespace': { phase: 'Active' },
  'v1 PersistentVolumeClaim': { phase: 'Pending' },
  'v1 Pod': { phase: 'Pending' },
  'v1 Service': { loadBalancer: {} },
  'apps/v1 Deployment': {},
  'apps/v1 ReplicaSet': { replicas: 0 },
  'apps/v1 StatefulSet': { replicas: 0, availableReplicas: 0 },
  'apps/v1 DaemonSet': { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  'batch/v1 Job': {},
  'batch/v1 CronJob': {},
  'networking.k8s.io/v1 Ingress': { loadBalancer: {} },
  'policy/v1 PodDisruptionBudget': { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
};

/** Each takes its own kind, which the table's key says. */
type Create = (object: never) => KubeObject;
type Update = (next: never, old: never) => KubeObject;

function pod(object: Pod): Pod {
  return { ...object, status: { ...object.status, qosClass: qosClass(object.spec) } };
}

function secret(object: Secret): Secret {
  if (!object.stringData) return object;
  const encoded = Object.entries(object.stringData).map(
    ([key, text]) => [key, Buffer.from(text).toString('base64')] as const,
  );
  return withKey({ ...object, data: { ...object.data, ...Object.fromEntries(encoded) } }, 'stringData', undefined);
}

/** What v1beta1 called topology can still be read; v1 has no way to write it, and ignores who tries. */
function endpointSlice(object: EndpointSlice): EndpointSlice {
  if (!object.endpoints.some(endpoint => endpoint.deprecatedTopology)) return object;
  return {
    ...object,
    endpoints: object.endpoints.map(endpoint => withKey(endpoint, 'deprecatedTopology', undefined)),
  };
}

/** The namespace's own finalizer is taken away by its controller, through `/finalize`. */
const namespaceCreate = (object: Namespace): Namespace => ({
  ...object,
  spec: { ...object.spec, finalizers: ['kubernetes'] },
});
const namespaceUpdate = (next: Namespace, old: Namespace): Namespace => withKey(next, 'spec', old.spec);

const CREATE: Readonly<Record<string, Create>> = {
  'v1 Pod': pod,
  'v1 Secret': secret,
  'v1 Namespace': namespaceCreate,
  'v1 Service': normaliseService,
  [SLICE]: endpointSlice,
  'batch/v1 Job': selectOwnPods,
};

const UPDATE: Readonly<Record<string, Update>> = {
  'v1 Secret': secret,
  'v1 Namespace': namespaceUpdate,
  'v1 Service': updateService,
  [SLICE]: endpointSlice,
};
