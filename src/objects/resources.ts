/** The table of resources: under which path, names and verbs each kind is served. Knows their schemas; runs nothing on objects. */
import type { CustomResourceColumn } from './custom-resource-definition.js';
import * as kinds from './kinds.js';
import type { KubeObject } from './meta.js';
import type { ObjectShape, Schema } from './schema.js';

export type { KubeObject } from './meta.js';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export type Subresource =
  | 'status'
  | 'scale'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'binding'
  | 'eviction'
  | 'ephemeralcontainers'
  | 'resize'
  | 'token'
  | 'finalize';

/** A kind as an API server serves it. T is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly Subresource[];
  readonly verbs: readonly Verb[];
  readonly schema: Schema<T> & ObjectShape;
  /** What `kubectl scale` reads and writes; JSONPaths, only with the subresource `scale`. */
  readonly scale?: Scale;
  /** A custom resource's columns and its schema as its CRD gives them; built-in kinds have theirs in print/ and `schema`. */
  readonly columns?: readonly CustomResourceColumn[];
  readonly structural?: Readonly<Record<string, unknown>>;
  /** The dotted paths of fields that a field selector may name, beside metadata's (custom resources). */
  readonly selectable?: readonly string[];
  /** The resource whose store keeps these objects, where it is another one. */
  readonly storedAs?: Resource;
}

export interface Scale {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

type More = Partial<
  Pick<
    Resource,
    'plural' | 'shortNames' | 'categories' | 'namespaced' | 'subresources' | 'verbs' | 'scale' | 'storedAs'
  >
>;

function define<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  schema: Schema<T> & ObjectShape,
  more: More = {},
): Resource<T> {
  const [version, group = ''] = apiVersion.split('/').reverse();
  const singular = kind.toLowerCase();
  return {
    group,
    version: version!,
    kind,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    namespaced: true,
    subresources: [],
    verbs: ALL_VERBS,
    schema,
    ...more,
  };
}

const all = ['all'];
const scale = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.spec.selector',
} as const;
const scalable = { subresources: ['status', 'scale'], categories: all, scale } as const;

const events = define('v1', 'Event', kinds.Event, { shortNames: ['ev'] });

/** By plural name. `eventsV1` is the events of events.k8s.io, kept where core's are. */
export const resources = {
  configmaps: define('v1', 'ConfigMap', kinds.ConfigMap, { shortNames: ['cm'] }),
  endpoints: define('v1', 'Endpoints', kinds.Endpoints, { plural: 'endpoints', shortNames: ['ep'] }),
  events,
  namespaces: define('v1', 'Namespace', kinds.Namespace, {
    shortNames: ['ns'],
    namespaced: false,
    subresources: ['status', 'finalize'],
  }),
  nodes: define('v1', 'Node', kinds.Node, { shortNames: ['no'], namespaced: false, subresources: ['status', 'proxy'] }),
  persistentvolumeclaims: define('v1', 'PersistentVolumeClaim', kinds.PersistentVolumeClaim, {
    shortNames: ['pvc'],
    subresources: ['status'],
  }),
  pods: define('v1', 'Pod', kinds.Pod, {
    shortNames: ['po'],
    categories: all,
    subresources: [
      'status',
      'log',
      'exec',
      'attach',
      'portforward',
      'proxy',
      'binding',
      'eviction',
      'ephemeralcontainers',
    ],
  }),
  secrets: define('v1', 'Secret', kinds.Secret),
  serviceaccounts: define('v1', 'ServiceAccount', kinds.ServiceAccount, {
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  services: define('v1', 'Service', kinds.Service, {
    shortNames: ['svc'],
    categories: all,
    subresources: ['status', 'proxy'],
  }),

  controllerrevisions: define('apps/v1', 'ControllerRevision', kinds.ControllerRevision),
  daemonsets: define('apps/v1', 'DaemonSet', kinds.DaemonSet, {
    shortNames: ['ds'],
    categories: all,
    subresources: ['status'],
  }),
  deployments: define('apps/v1', 'Deployment', kinds.Deployment, { shortNames: ['deploy'], ...scalable }),
  replicasets: define('apps/v1', 'ReplicaSet', kinds.ReplicaSet, { shortNames: ['rs'], ...scalable }),
  statefulsets: define('apps/v1', 'StatefulSet', kinds.StatefulSet, { shortNames: ['sts'], ...scalable }),

  cronjobs: define('batch/v1', 'CronJob', kinds.CronJob, {
    shortNames: ['cj'],
    categories: all,
    subresources: ['status'],
  }),
  jobs: define('batch/v1', 'Job', kinds.Job, { categories: all, subresources: ['status'] }),

  leases: define('coordination.k8s.io/v1', 'Lease', kinds.Lease),
  endpointslices: define('discovery.k8s.io/v1', 'EndpointSlice', kinds.EndpointSlice),
  eventsV1: define('events.k8s.io/v1', 'Event', kinds.EventV1, { shortNames: ['ev'], storedAs: events as Resource }),

  ingressclasses: define('networking.k8s.io/v1', 'IngressClass', kinds.IngressClass, {
    plural: 'ingressclasses',
    namespaced: false,
  }),
  ingresses: define('networking.k8s.io/v1', 'Ingress', kinds.Ingress, {
    plural: 'ingresses',
    shortNames: ['ing'],
    subresources: ['status'],
  }),
  networkpolicies: define('networking.k8s.io/v1', 'NetworkPolicy', kinds.NetworkPolicy, {
    plural: 'networkpolicies',
    shortNames: ['netpol'],
  }),

  poddisruptionbudgets: define('policy/v1', 'PodDisruptionBudget', kinds.PodDisruptionBudget, {
    shortNames: ['pdb'],
    subresources: ['status'],
  }),
  priorityclasses: define('scheduling.k8s.io/v1', 'PriorityClass', kinds.PriorityClass, {
    plural: 'priorityclasses',
    shortNames: ['pc'],
    namespaced: false,
  }),

  clusterrolebindings: define('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', kinds.ClusterRoleBinding, {
    namespaced: false,
  }),
  clusterroles: define('rbac.authorization.k8s.io/v1', 'ClusterRole', kinds.ClusterRole, { namespaced: false }),
  rolebindings: define('rbac.authorization.k8s.io/v1', 'RoleBinding', kinds.RoleBinding),
  roles: define('rbac.authorization.k8s.io/v1', 'Role', kinds.Role),

  customresourcedefinitions: define(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    kinds.CustomResourceDefinition,
    {
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      namespaced: false,
      subresources: ['status'],
    },
  ),
  validatingadmissionpolicies: define(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    kinds.ValidatingAdmissionPolicy,
    {
      plural: 'validatingadmissionpolicies',
      categories: ['api-extensions'],
      namespaced: false,
      subresources: ['status'],
    },
  ),
  validatingadmissionpolicybindings: define(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicyBinding',
    kinds.ValidatingAdmissionPolicyBinding,
    {
      categories: ['api-extensions'],
      namespaced: false,
    },
  ),
} as const;

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = (resource: Pick<Resource, 'group' | 'version'>): string =>
  resource.group ? `${resource.group}/${resource.version}` : resource.version;

export const builtinResources: readonly Resource[] = Object.values(resources) as unknown as Resource[];
