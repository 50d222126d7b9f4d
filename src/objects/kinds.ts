/** Every built-in kind's schema and type, under one roof. */
export { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from './admission-policy.js';
export { ConfigMap, Secret } from './config.js';
export { Container, ContainerPort, EnvVar, LifecycleHandler, Probe, VolumeMount } from './container.js';
export { CustomResourceDefinition } from './custom-resource-definition.js';
export { Endpoint, EndpointPort, EndpointSlice } from './endpoint-slice.js';
export { EndpointAddress, EndpointSubset, Endpoints } from './endpoints.js';
export { Event, EventV1 } from './event.js';
export { Ingress, IngressBackend, IngressClass } from './ingress.js';
export { CronJob, Job, JobCondition, JobSpec } from './job.js';
export { Lease } from './lease.js';
export { Condition, type KubeObject, LabelSelector, ObjectMeta, ObjectReference, OwnerReference } from './meta.js';
export { Namespace } from './namespace.js';
export { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './network-policy.js';
export { Node, NodeCondition, NodeStatus, Taint } from './node.js';
export { PersistentVolumeClaim } from './persistent-volume-claim.js';
export {
  Affinity,
  type NodeSelectorTerm,
  Pod,
  type PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
  type TopologySpreadConstraint,
} from './pod.js';
export { PodDisruptionBudget } from './pod-disruption-budget.js';
export { type ContainerState, ContainerStatus, PodCondition, PodStatus } from './pod-status.js';
export { PriorityClass } from './priority-class.js';
export { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from './rbac.js';
export { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from './service.js';
export { ServiceAccount } from './service-account.js';
export { Volume } from './volume.js';
export { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from './workload.js';
