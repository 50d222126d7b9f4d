/** Service: whole spec and status. */
import { CORE, Condition, kind } from './meta.js';
import {
  boolean,
  dict,
  type Infer,
  int32,
  intOrString,
  list,
  listBy,
  object,
  oneOf,
  required,
  string,
  withDefault,
} from './schema.js';

export const ServicePort = object(
  {
    name: string(),
    protocol: withDefault(oneOf('TCP', 'UDP', 'SCTP'), 'TCP'),
    appProtocol: string(),
    port: required(int32({ min: 1, max: 65535 })),
    targetPort: intOrString(),
    nodePort: int32({ min: 0, max: 65535 }),
  },
  { name: `${CORE}ServicePort` },
);
export type ServicePort = Infer<typeof ServicePort>;

export const LoadBalancerIngress = object(
  {
    ip: string(),
    hostname: string(),
    ipMode: oneOf('VIP', 'Proxy'),
    ports: list(
      object(
        { port: required(int32()), protocol: required(oneOf('TCP', 'UDP', 'SCTP')), error: string() },
        { name: `${CORE}PortStatus` },
      ),
    ),
  },
  { name: `${CORE}LoadBalancerIngress` },
);
export type LoadBalancerIngress = Infer<typeof LoadBalancerIngress>;

const ipFamily = oneOf('IPv4', 'IPv6');

export const ServiceSpec = object(
  {
    type: withDefault(oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'), 'ClusterIP'),
    selector: dict(string(), { atomic: true }),
    ports: list(ServicePort, { type: 'map', keys: ['port', 'protocol'], mergeKey: 'port' }),
    clusterIP: string(),
    clusterIPs: list(string()),
    ipFamilies: list(ipFamily),
    ipFamilyPolicy: oneOf('SingleStack', 'PreferDualStack', 'RequireDualStack'),
    externalIPs: list(string()),
    externalName: string(),
    sessionAffinity: withDefault(oneOf('ClientIP', 'None'), 'None'),
    sessionAffinityConfig: object(
      { clientIP: object({ timeoutSeconds: int32({ min: 1, max: 86400 }) }, { name: `${CORE}ClientIPConfig` }) },
      { name: `${CORE}SessionAffinityConfig` },
    ),
    internalTrafficPolicy: oneOf('Cluster', 'Local'),
    externalTrafficPolicy: oneOf('Cluster', 'Local'),
    trafficDistribution: string(),
    healthCheckNodePort: int32({ min: 0, max: 65535 }),
    publishNotReadyAddresses: boolean(),
    loadBalancerIP: string(),
    loadBalancerClass: string(),
    loadBalancerSourceRanges: list(string()),
    allocateLoadBalancerNodePorts: boolean(),
  },
  { name: `${CORE}ServiceSpec` },
);
export type ServiceSpec = Infer<typeof ServiceSpec>;

export const Service = kind(`${CORE}Service`, {
  spec: required(ServiceSpec),
  status: object(
    {
      loadBalancer: object({ ingress: list(LoadBalancerIngress) }, { name: `${CORE}LoadBalancerStatus` }),
      conditions: listBy('type', Condition),
    },
    { name: `${CORE}ServiceStatus` },
  ),
});
export type Service = Infer<typeof Service>;
