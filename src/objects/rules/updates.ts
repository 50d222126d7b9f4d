/** What an update must not change, kind by kind. */
import type { ConfigMap, Secret } from '../config.js';
import type { CustomResourceDefinition } from '../custom-resource-definition.js';
import type { EndpointSlice } from '../endpoint-slice.js';
import { type FieldError, forbidden, invalid } from '../field-errors.js';
import type { Job } from '../job.js';
import { equal, type JsonObject, own, withKey } from '../json.js';
import type { KubeObject } from '../meta.js';
import type { Node } from '../node.js';
import type { Pod, PodSpec } from '../pod.js';
import type { RoleBinding } from '../rbac.js';
import { apiVersionOf, type Resource } from '../resources.js';
import type { Service } from '../service.js';
import type { StatefulSet } from '../workload.js';
import { addressChangeErrors } from './service-addresses.js';

type Update<T> = (next: T, old: T) => FieldError[];

export function updateErrors(resource: Resource, next: KubeObject, old: KubeObject): FieldError[] {
  const key = `${apiVersionOf(resource)} ${resource.kind}`;
  return !resource.structural && Object.hasOwn(UPDATES, key) ? UPDATES[key]!(next as never, old as never) : [];
}

/** Fields of the spec that stay as they were. */
const immutable =
  (...fields: readonly string[]): Update<KubeObject> =>
  (next, old) =>
    fields
      .filter(field => !equal(at(next, field), at(old, field)))
      .map(field => invalid(field, at(next, field) ?? null, 'field is immutable'));

function at(object: JsonObject, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (value === undefined || value === null ? undefined : own(value as JsonObject, key)),
      object,
    );
}

/** What may change of a running Pod's spec: images, and a few that only shrink or grow. */
const pod: Update<Pod> = (next, old) => {
  const errors: FieldError[] = [];
  const grew = (old.spec.tolerations ?? []).every(kept =>
    next.spec.tolerations?.some(toleration => equal(kept, toleration)),
  );
  if (!grew)
    errors.push(forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'));
  const [was, is] = [old.spec.activeDeadlineSeconds, next.spec.activeDeadlineSeconds];
  if (was !== undefined && (is === undefined || is > was)) {
    errors.push(
      invalid(
        'spec.activeDeadlineSeconds',
        is ?? null,
        is === undefined
          ? 'must not update from a positive integer to nil value'
          : 'must be less than or equal to previous value',
      ),
    );
  }
  if (errors.length === 0 && !equal(fixed(next.spec), fixed(old.spec))) errors.push(forbidden('spec', POD_FIXED));
  return errors;
};

const POD_FIXED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function fixed(spec: PodSpec): JsonObject {
  const withoutImages = (containers: PodSpec['containers'] | undefined) =>
    containers?.map(container => withKey(container, 'image', undefined));
  const { activeDeadlineSeconds: _, tolerations: __, ...rest } = spec;
  return { ...rest, containers: withoutImages(spec.containers), initContainers: withoutImages(spec.initContainers) };
}

const service: Update<Service> = (next, old) => {
  const errors = addressChangeErrors(next, old);
  const balanced = next.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer';
  if (balanced && next.spec.loadBalancerClass !== old.spec.loadBalancerClass)
    errors.push(invalid('spec.loadBalancerClass', next.spec.loadBalancerClass ?? null, 'may not change once set'));
  const [port, was] = [next.spec.healthCheckNodePort, old.spec.healthCheckNodePort];
  if (balanced && next.spec.externalTrafficPolicy === 'Local' && was && port !== was)
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return errors;
};

const STATEFUL_SET_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

const statefulSet: Update<StatefulSet> = (next, old) => {
  const rest = (spec: JsonObject) =>
    Object.fromEntries(Object.entries(spec).filter(([key]) => !STATEFUL_SET_MUTABLE.includes(key)));
  if (equal(rest(next.spec), rest(old.spec))) return [];
  return [
    forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
};

const job: Update<Job> = (next, old) => {
  // A suspended Job that never started may still be placed elsewhere; its selector and mode never change.
  const template = old.spec.suspend && !old.status?.startTime ? [] : ['spec.template'];
  const completions = old.spec.completionMode === 'Indexed' ? [] : ['spec.completions'];
  return immutable(
    ...completions,
    'spec.selector',
    'spec.completionMode',
    'spec.podFailurePolicy',
    'spec.backoffLimitPerIndex',
    ...template,
  )(next, old);
};

const frozenData: Update<ConfigMap & Secret> = (next, old) => {
  if (!old.immutable) return [];
  const errors: FieldError[] = [];
  if (!next.immutable) errors.push(forbidden('immutable', 'field is immutable when `immutable` is set'));
  for (const key of ['data', 'binaryData'] as const) {
    if (!equal(next[key] ?? {}, old[key] ?? {}))
      errors.push(forbidden(key, 'field is immutable when `immutable` is set'));
  }
  return errors;
};

const secret: Update<Secret> = (next, old) => [
  ...immutable('type')(next, old),
  ...frozenData(next as ConfigMap & Secret, old as ConfigMap & Secret),
];

const node: Update<Node> = (next, old) => {
  const errors: FieldError[] = [];
  if (old.spec?.podCIDRs?.length && !equal(next.spec?.podCIDRs, old.spec.podCIDRs)) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec?.providerID && next.spec?.providerID !== old.spec.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  return errors;
};

const binding: Update<RoleBinding> = (next, old) =>
  equal(next.roleRef, old.roleRef) ? [] : [invalid('roleRef', next.roleRef, 'cannot change roleRef')];

const customResourceDefinition: Update<CustomResourceDefinition> = (next, old) =>
  immutable('spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural')(next, old);

const endpointSlice: Update<EndpointSlice> = (next, old) => immutable('addressType')(next, old);

const selector = immutable('spec.selector');

const UPDATES: Readonly<Record<string, Update<never>>> = {
  'v1 Pod': pod,
  'v1 Node': node,
  'v1 Service': service,
  'v1 ConfigMap': frozenData,
  'v1 Secret': secret,
  'apps/v1 Deployment': selector,
  'apps/v1 ReplicaSet': selector,
  'apps/v1 DaemonSet': selector,
  'apps/v1 StatefulSet': statefulSet,
  'apps/v1 ControllerRevision': immutable('data'),
  'batch/v1 Job': job,
  'discovery.k8s.io/v1 EndpointSlice': endpointSlice,
  'rbac.authorization.k8s.io/v1 RoleBinding': binding,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': binding,
  'scheduling.k8s.io/v1 PriorityClass': immutable('value', 'preemptionPolicy'),
  'apiextensions.k8s.io/v1 CustomResourceDefinition': customResourceDefinition,
};
