/** Pod and PodTemplateSpec. */
import { Container, EphemeralContainer, ResourceRequirements, securityFields } from './container.js';
import { CORE, kind, LabelSelector, LocalObjectReference, TemplateMeta } from './meta.js';
import { PodStatus } from './pod-status.js';
import {
  boolean,
  dict,
  type Infer,
  int32,
  int64,
  list,
  listBy,
  object,
  oneOf,
  quantity,
  required,
  string,
  withDefault,
} from './schema.js';
import { Volume } from './volume.js';

export const Toleration = object(
  {
    key: string(),
    operator: oneOf('Exists', 'Equal'),
    value: string(),
    effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    tolerationSeconds: int64(),
  },
  { name: `${CORE}Toleration` },
);
export type Toleration = Infer<typeof Toleration>;

const nodeRequirement = object(
  { key: required(string()), operator: required(string()), values: list(string()) },
  { name: `${CORE}NodeSelectorRequirement` },
);
const nodeTerm = object(
  { matchExpressions: list(nodeRequirement), matchFields: list(nodeRequirement) },
  { name: `${CORE}NodeSelectorTerm`, atomic: true },
);
export type NodeSelectorTerm = Infer<typeof nodeTerm>;

const podTerm = object(
  {
    labelSelector: LabelSelector,
    namespaces: list(string()),
    namespaceSelector: LabelSelector,
    topologyKey: required(string()),
    matchLabelKeys: list(string()),
    mismatchLabelKeys: list(string()),
  },
  { name: `${CORE}PodAffinityTerm` },
);
export type PodAffinityTerm = Infer<typeof podTerm>;
const weightedPodTerm = object(
  { weight: required(int32({ min: 1, max: 100 })), podAffinityTerm: required(podTerm) },
  { name: `${CORE}WeightedPodAffinityTerm` },
);
const podAffinity = (name: string) =>
  object(
    {
      requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
      preferredDuringSchedulingIgnoredDuringExecution: list(weightedPodTerm),
    },
    { name: CORE + name },
  );

export const Affinity = object(
  {
    nodeAffinity: object(
      {
        requiredDuringSchedulingIgnoredDuringExecution: object(
          { nodeSelectorTerms: required(list(nodeTerm)) },
          { name: `${CORE}NodeSelector`, atomic: true },
        ),
        preferredDuringSchedulingIgnoredDuringExecution: list(
          object(
            { weight: required(int32({ min: 1, max: 100 })), preference: required(nodeTerm) },
            { name: `${CORE}PreferredSchedulingTerm` },
          ),
        ),
      },
      { name: `${CORE}NodeAffinity` },
    ),
    podAffinity: podAffinity('PodAffinity'),
    podAntiAffinity: podAffinity('PodAntiAffinity'),
  },
  { name: `${CORE}Affinity` },
);
export type Affinity = Infer<typeof Affinity>;

const TopologySpreadConstraint = object(
  {
    maxSkew: required(int32({ min: 1 })),
    topologyKey: required(string()),
    whenUnsatisfiable: required(oneOf('DoNotSchedule', 'ScheduleAnyway')),
    labelSelector: LabelSelector,
    minDomains: int32({ min: 1 }),
    nodeAffinityPolicy: oneOf('Honor', 'Ignore'),
    nodeTaintsPolicy: oneOf('Honor', 'Ignore'),
    matchLabelKeys: list(string()),
  },
  { name: `${CORE}TopologySpreadConstraint` },
);
export type TopologySpreadConstraint = Infer<typeof TopologySpreadConstraint>;

const PodSecurityContext = object(
  {
    ...securityFields,
    fsGroup: int64(),
    fsGroupChangePolicy: string(),
    supplementalGroups: list(int64()),
    supplementalGroupsPolicy: string(),
    seLinuxChangePolicy: string(),
    sysctls: list(object({ name: required(string()), value: required(string()) }, { name: `${CORE}Sysctl` })),
  },
  { name: `${CORE}PodSecurityContext` },
);

const PodDNSConfig = object(
  {
    nameservers: list(string()),
    searches: list(string()),
    options: list(object({ name: string(), value: string() }, { name: `${CORE}PodDNSConfigOption` })),
  },
  { name: `${CORE}PodDNSConfig` },
);

const named = (name: string, more: object = {}) => object({ name: required(string()), ...more }, { name: CORE + name });

export const PodSpec = object(
  {
    volumes: listBy('name', Volume, { retainKeys: true }),
    initContainers: listBy('name', Container),
    containers: required(listBy('name', Container)),
    ephemeralContainers: listBy('name', EphemeralContainer),
    restartPolicy: withDefault(oneOf('Always', 'OnFailure', 'Never'), 'Always'),
    terminationGracePeriodSeconds: withDefault(int64({ min: 0 }), 30),
    activeDeadlineSeconds: int64({ min: 1 }),
    dnsPolicy: withDefault(oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'), 'ClusterFirst'),
    nodeSelector: dict(string(), { atomic: true }),
    serviceAccountName: string(),
    serviceAccount: string(),
    automountServiceAccountToken: boolean(),
    nodeName: string(),
    hostNetwork: boolean(),
    hostPID: boolean(),
    hostIPC: boolean(),
    hostUsers: boolean(),
    shareProcessNamespace: boolean(),
    securityContext: PodSecurityContext,
    imagePullSecrets: listBy('name', LocalObjectReference),
    hostname: string({ format: 'dns-label' }),
    subdomain: string({ format: 'dns-label' }),
    setHostnameAsFQDN: boolean(),
    affinity: Affinity,
    schedulerName: withDefault(string(), 'default-scheduler'),
    tolerations: list(Toleration),
    hostAliases: listBy(
      'ip',
      object({ ip: required(string()), hostnames: list(string()) }, { name: `${CORE}HostAlias` }),
    ),
    priorityClassName: string(),
    priority: int32(),
    preemptionPolicy: oneOf('PreemptLowerPriority', 'Never'),
    dnsConfig: PodDNSConfig,
    readinessGates: list(object({ conditionType: required(string()) }, { name: `${CORE}PodReadinessGate` })),
    runtimeClassName: string(),
    enableServiceLinks: withDefault(boolean(), true),
    overhead: dict(quantity()),
    topologySpreadConstraints: list(TopologySpreadConstraint, {
      type: 'map',
      keys: ['topologyKey', 'whenUnsatisfiable'],
      mergeKey: 'topologyKey',
    }),
    schedulingGates: listBy('name', named('PodSchedulingGate')),
    os: object({ name: required(oneOf('linux', 'windows')) }, { name: `${CORE}PodOS` }),
    resourceClaims: listBy(
      'name',
      named('PodResourceClaim', { resourceClaimName: string(), resourceClaimTemplateName: string() }),
      { retainKeys: true },
    ),
    resources: ResourceRequirements,
  },
  { name: `${CORE}PodSpec` },
);
export type PodSpec = Infer<typeof PodSpec>;

export const PodTemplateSpec = object(
  { metadata: TemplateMeta, spec: required(PodSpec) },
  { name: `${CORE}PodTemplateSpec` },
);
export type PodTemplateSpec = Infer<typeof PodTemplateSpec>;

export const Pod = kind(`${CORE}Pod`, { spec: required(PodSpec), status: PodStatus });
export type Pod = Infer<typeof Pod>;
