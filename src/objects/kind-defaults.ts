/** Defaults that depend on other fields, per kind, as Kubernetes' SetDefaults functions have them. What admission fills in (service accounts, tolerations, addresses) is not here. */
import type { CustomResourceDefinition } from './custom-resource-definition.js';
import type { CronJob, Job } from './job.js';
import { withKey } from './json.js';
import type { KubeObject } from './meta.js';
import type { Namespace } from './namespace.js';
import type { NetworkPolicy } from './network-policy.js';
import type { Pod, PodTemplateSpec } from './pod.js';
import { defaultPodSpec } from './pod-defaults.js';
import type { RoleBinding } from './rbac.js';
import type { Service } from './service.js';
import type { DaemonSet, Deployment, StatefulSet } from './workload.js';

/** Each takes its own kind, which the table's key says. */
type Default = (object: never) => KubeObject;

/** The function for `apps/v1 Deployment` and the like; undefined where the schema says it all. Its input has the schema's defaults already. */
export function defaultsOfKind(kind: string): Default | undefined {
  return Object.hasOwn(DEFAULTS, kind) ? DEFAULTS[kind] : undefined;
}

const template = <T extends PodTemplateSpec | undefined>(value: T): T =>
  value?.spec ? { ...value, spec: defaultPodSpec(value.spec) } : value;

/** Workloads whose only further defaults are those of their template. */
const templateOnly = (object: Deployment): Deployment => ({
  ...object,
  spec: { ...object.spec, template: template(object.spec.template) },
});

function deployment(object: Deployment): Deployment {
  const type = object.spec.strategy?.type ?? 'RollingUpdate';
  const rollingUpdate =
    type === 'RollingUpdate'
      ? { maxUnavailable: '25%', maxSurge: '25%', ...object.spec.strategy?.rollingUpdate }
      : undefined;
  return templateOnly({
    ...object,
    spec: { ...object.spec, strategy: { ...object.spec.strategy, type, ...(rollingUpdate && { rollingUpdate }) } },
  });
}

function statefulSet(object: StatefulSet): StatefulSet {
  const { updateStrategy, volumeClaimTemplates } = object.spec;
  const type = updateStrategy?.type ?? 'RollingUpdate';
  const claims = volumeClaimTemplates?.map(claim => ({
    ...claim,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    status: claim.status ?? { phase: 'Pending' as const },
  }));
  return {
    ...object,
    spec: {
      ...object.spec,
      template: template(object.spec.template),
      updateStrategy: {
        ...updateStrategy,
        type,
        ...(type === 'RollingUpdate' && { rollingUpdate: { partition: 0, ...updateStrategy?.rollingUpdate } }),
      },
      ...(claims && { volumeClaimTemplates: claims }),
    },
  };
}

function daemonSet(object: DaemonSet): DaemonSet {
  const { updateStrategy } = object.spec;
  const type = updateStrategy?.type ?? 'RollingUpdate';
  const rollingUpdate = type === 'RollingUpdate' && {
    rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...updateStrategy?.rollingUpdate },
  };
  return {
    ...object,
    spec: {
      ...object.spec,
      template: template(object.spec.template),
      updateStrategy: { ...updateStrategy, type, ...rollingUpdate },
    },
  };
}

function jobSpec(spec: Job['spec']): Job['spec'] {
  const once = spec.completions === undefined && spec.parallelism === undefined;
  return {
    ...spec,
    ...(once && { completions: 1 }),
    parallelism: spec.parallelism ?? 1,
    podReplacementPolicy: spec.podReplacementPolicy ?? (spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'),
    template: template(spec.template),
  };
}

function job(object: Job): Job {
  const inherited = object.metadata.labels === undefined && object.spec.template.metadata?.labels;
  return {
    ...object,
    ...(inherited && { metadata: { ...object.metadata, labels: inherited } }),
    spec: jobSpec(object.spec),
  };
}

function cronJob(object: CronJob): CronJob {
  const { jobTemplate } = object.spec;
  return { ...object, spec: { ...object.spec, jobTemplate: { ...jobTemplate, spec: jobSpec(jobTemplate.spec) } } };
}

function service(object: Service): Service {
  const { spec } = object;
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const reachable = external || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  // Without affinity its configuration goes, so that a patch of the one field is enough to end it.
  const plain = spec.sessionAffinity === 'None' ? withKey(spec, 'sessionAffinityConfig', undefined) : spec;
  return {
    ...object,
    spec: {
      ...plain,
      ...(spec.sessionAffinity === 'ClientIP' && {
        sessionAffinityConfig: {
          clientIP: { timeoutSeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800 },
        },
      }),
      ...(spec.ports && { ports: spec.ports.map(port => ({ ...port, targetPort: port.targetPort || port.port })) }),
      ...(reachable && { externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster' }),
      ...(spec.type !== 'ExternalName' && { internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster' }),
      ...(spec.type === 'LoadBalancer' && {
        allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true,
      }),
    },
    status: {
      ...object.status,
      loadBalancer: {
        ...object.status?.loadBalancer,
        ...(object.status?.loadBalancer?.ingress && {
          ingress: object.status.loadBalancer.ingress.map(ingress =>
            ingress.ip && !ingress.ipMode ? { ...ingress, ipMode: 'VIP' as const } : ingress,
          ),
        }),
      },
    },
  };
}

function networkPolicy(object: NetworkPolicy): NetworkPolicy {
  if (object.spec.policyTypes?.length) return object;
  const policyTypes = object.spec.egress?.length ? (['Ingress', 'Egress'] as const) : (['Ingress'] as const);
  return { ...object, spec: { ...object.spec, policyTypes } };
}

function namespace(object: Namespace): Namespace {
  const labels = withKey(object.metadata.labels ?? {}, 'kubernetes.io/metadata.name', object.metadata.name);
  return { ...object, metadata: { ...object.metadata, labels } };
}

const RBAC = 'rbac.authorization.k8s.io';

function binding(object: RoleBinding): RoleBinding {
  return {
    ...object,
    roleRef: { ...object.roleRef, apiGroup: object.roleRef.apiGroup || RBAC },
    ...(object.subjects && {
      subjects: object.subjects.map(subject =>
        subject.kind === 'ServiceAccount' ? subject : { ...subject, apiGroup: subject.apiGroup ?? RBAC },
      ),
    }),
  };
}

function customResourceDefinition(object: CustomResourceDefinition): CustomResourceDefinition {
  const { names } = object.spec;
  const kind = names.kind ?? '';
  return {
    ...object,
    spec: {
      ...object.spec,
      names: { ...names, singular: names.singular || kind.toLowerCase(), listKind: names.listKind || `${kind}List` },
    },
  };
}

const DEFAULTS: Readonly<Record<string, Default>> = {
  'v1 Pod': (pod: Pod): Pod => ({ ...pod, spec: defaultPodSpec(pod.spec) }),
  'v1 Namespace': namespace,
  'v1 Service': service,
  'apps/v1 Deployment': deployment,
  'apps/v1 ReplicaSet': templateOnly,
  'apps/v1 StatefulSet': statefulSet,
  'apps/v1 DaemonSet': daemonSet,
  'batch/v1 Job': job,
  'batch/v1 CronJob': cronJob,
  'networking.k8s.io/v1 NetworkPolicy': networkPolicy,
  'rbac.authorization.k8s.io/v1 RoleBinding': binding,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': binding,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': customResourceDefinition,
};
