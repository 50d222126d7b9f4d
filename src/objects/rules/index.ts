/** Which rule goes with which type. A type's rule runs wherever a value of it stands: a Pod's spec also in a template. */
import { ConfigMap, Secret } from '../config.js';
import {
  Container,
  ContainerPort,
  EnvVar,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  VolumeMount,
} from '../container.js';
import { CustomResourceDefinition } from '../custom-resource-definition.js';
import { EndpointSlice } from '../endpoint-slice.js';
import { EndpointSubset } from '../endpoints.js';
import { Ingress, IngressBackend } from '../ingress.js';
import { CronJob, Job } from '../job.js';
import { Lease } from '../lease.js';
import { LabelSelector, TemplateMeta } from '../meta.js';
import { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../network-policy.js';
import { Node } from '../node.js';
import { PodSpec, Toleration } from '../pod.js';
import { PodDisruptionBudget } from '../pod-disruption-budget.js';
import { PriorityClass } from '../priority-class.js';
import { ClusterRoleBinding, RoleBinding } from '../rbac.js';
import type { ObjectShape, Schema } from '../schema.js';
import { Service, ServiceSpec } from '../service.js';
import { Volume } from '../volume.js';
import { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../workload.js';
import {
  containerPortRule,
  containerRule,
  envVarRule,
  lifecycleHandlerRule,
  probeRule,
  resourcesRule,
  volumeMountRule,
} from './container.js';
import { endpointSliceRule } from './endpoint-slice.js';
import { endpointSubsetRule } from './endpoints.js';
import { labelSelectorRule, templateMeta } from './metadata.js';
import { ingressBackendRule, ingressRule, networkPolicyRule, policyPeerRule, policyPortRule } from './network.js';
import {
  bindingRule,
  configMapRule,
  customResourceDefinitionRule,
  leaseRule,
  nodeRule,
  priorityClassRule,
  secretRule,
} from './other.js';
import { podSpecRule, tolerationRule, volumeRule } from './pod.js';
import type { Rule } from './rule.js';
import { serviceRule, serviceSpecRule } from './service.js';
import {
  cronJobRule,
  daemonSetRule,
  deploymentRule,
  disruptionBudgetRule,
  jobRule,
  replicaSetRule,
  statefulSetRule,
} from './workload.js';

function rule<T>(schema: Schema<T> & ObjectShape, check: Rule<T>): [string, Rule<never>] {
  return [schema.name!, check];
}

/** By the type's OpenAPI name. */
export const RULES: Readonly<Record<string, Rule<never>>> = Object.fromEntries([
  rule(LabelSelector, labelSelectorRule),
  rule(TemplateMeta, templateMeta),
  rule(Container, containerRule),
  rule(ContainerPort, containerPortRule),
  rule(EnvVar, envVarRule),
  rule(Probe, probeRule),
  rule(LifecycleHandler, lifecycleHandlerRule),
  rule(ResourceRequirements, resourcesRule),
  rule(VolumeMount, volumeMountRule),
  rule(PodSpec, podSpecRule),
  rule(Toleration, tolerationRule),
  rule(Volume, volumeRule),
  rule(Service, serviceRule),
  rule(ServiceSpec, serviceSpecRule),
  rule(EndpointSlice, endpointSliceRule),
  rule(EndpointSubset, endpointSubsetRule),
  rule(Deployment, deploymentRule),
  rule(ReplicaSet, replicaSetRule),
  rule(StatefulSet, statefulSetRule),
  rule(DaemonSet, daemonSetRule),
  rule(Job, jobRule),
  rule(CronJob, cronJobRule),
  rule(PodDisruptionBudget, disruptionBudgetRule),
  rule(NetworkPolicy, networkPolicyRule),
  rule(NetworkPolicyPort, policyPortRule),
  rule(NetworkPolicyPeer, policyPeerRule),
  rule(Ingress, ingressRule),
  rule(IngressBackend, ingressBackendRule),
  rule(ConfigMap, configMapRule),
  rule(Secret, secretRule),
  rule(Node, nodeRule),
  rule(Lease, leaseRule),
  rule(PriorityClass, priorityClassRule),
  rule(RoleBinding, bindingRule),
  rule(ClusterRoleBinding, bindingRule),
  rule(CustomResourceDefinition, customResourceDefinitionRule),
]);
