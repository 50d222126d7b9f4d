/** Objects as the Table that `kubectl get` asks for (meta.k8s.io/v1 Table). */
import type { KubeObject } from '../meta.js';
import { apiVersionOf, type Resource } from '../resources.js';
import * as cluster from './cluster.js';
import { AGE, type Cell, type Column, CREATED_AT, NAME } from './column.js';
import { customColumns } from './custom.js';
import * as network from './network.js';
import { podColumns } from './pods.js';
import * as workloads from './workloads.js';

export type ColumnDefinition = Omit<Column, 'cell'>;

export interface Table {
  readonly columnDefinitions: readonly ColumnDefinition[];
  readonly rows: readonly { readonly cells: readonly Cell[] }[];
}

/** One row per object. Columns of priority 1 are always there; kubectl hides them without `-o wide`. */
export function table(resource: Resource, objects: readonly KubeObject[], { now }: { readonly now: Date }): Table {
  const columns = columnsOf(resource);
  return {
    columnDefinitions: columns.map(({ cell: _, ...definition }) => definition),
    rows: objects.map(object => ({ cells: columns.map(column => column.cell(object, now)) })),
  };
}

export function columnsOf(resource: Resource): readonly Column[] {
  if (resource.columns) return customColumns(resource.columns);
  const key = `${apiVersionOf(resource)} ${resource.kind}`;
  return Object.hasOwn(COLUMNS, key) ? COLUMNS[key]! : [NAME, AGE];
}

const DATED: readonly Column[] = [NAME, CREATED_AT];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  'v1 Pod': podColumns,
  'v1 Node': cluster.nodeColumns,
  'v1 Namespace': cluster.namespaceColumns,
  'v1 Service': network.serviceColumns,
  'v1 Endpoints': network.endpointsColumns,
  'v1 ConfigMap': cluster.configMapColumns,
  'v1 Secret': cluster.secretColumns,
  'v1 ServiceAccount': cluster.serviceAccountColumns,
  'v1 PersistentVolumeClaim': cluster.claimColumns,
  'v1 Event': cluster.eventColumns,
  'events.k8s.io/v1 Event': cluster.eventColumns,
  'discovery.k8s.io/v1 EndpointSlice': network.endpointSliceColumns,
  'networking.k8s.io/v1 Ingress': network.ingressColumns,
  'networking.k8s.io/v1 IngressClass': network.ingressClassColumns,
  'networking.k8s.io/v1 NetworkPolicy': network.networkPolicyColumns,
  'apps/v1 Deployment': workloads.deploymentColumns,
  'apps/v1 ReplicaSet': workloads.replicaSetColumns,
  'apps/v1 StatefulSet': workloads.statefulSetColumns,
  'apps/v1 DaemonSet': workloads.daemonSetColumns,
  'apps/v1 ControllerRevision': workloads.controllerRevisionColumns,
  'batch/v1 Job': workloads.jobColumns,
  'batch/v1 CronJob': workloads.cronJobColumns,
  'policy/v1 PodDisruptionBudget': workloads.disruptionBudgetColumns,
  'coordination.k8s.io/v1 Lease': cluster.leaseColumns,
  'scheduling.k8s.io/v1 PriorityClass': cluster.priorityClassColumns,
  'rbac.authorization.k8s.io/v1 Role': DATED,
  'rbac.authorization.k8s.io/v1 ClusterRole': DATED,
  'rbac.authorization.k8s.io/v1 RoleBinding': cluster.bindingColumns,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': cluster.bindingColumns,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': DATED,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': cluster.admissionPolicyColumns,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': cluster.admissionBindingColumns,
};
