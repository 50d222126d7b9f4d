/** NetworkPolicy. */
import { kind, LabelSelector } from './meta.js';
import { type Infer, int32, intOrString, list, object, oneOf, required, string, withDefault } from './schema.js';

export const NETWORKING = 'io.k8s.api.networking.v1.';

export const NetworkPolicyPort = object(
  { protocol: withDefault(oneOf('TCP', 'UDP', 'SCTP'), 'TCP'), port: intOrString(), endPort: int32() },
  { name: `${NETWORKING}NetworkPolicyPort` },
);
export type NetworkPolicyPort = Infer<typeof NetworkPolicyPort>;

export const NetworkPolicyPeer = object(
  {
    podSelector: LabelSelector,
    namespaceSelector: LabelSelector,
    ipBlock: object({ cidr: required(string()), except: list(string()) }, { name: `${NETWORKING}IPBlock` }),
  },
  { name: `${NETWORKING}NetworkPolicyPeer` },
);
export type NetworkPolicyPeer = Infer<typeof NetworkPolicyPeer>;

const ports = list(NetworkPolicyPort);

export const NetworkPolicy = kind(`${NETWORKING}NetworkPolicy`, {
  spec: required(
    object(
      {
        podSelector: withDefault(LabelSelector, {}),
        ingress: list(
          object({ from: list(NetworkPolicyPeer), ports }, { name: `${NETWORKING}NetworkPolicyIngressRule` }),
        ),
        egress: list(object({ to: list(NetworkPolicyPeer), ports }, { name: `${NETWORKING}NetworkPolicyEgressRule` })),
        policyTypes: list(oneOf('Ingress', 'Egress')),
      },
      { name: `${NETWORKING}NetworkPolicySpec` },
    ),
  ),
});
export type NetworkPolicy = Infer<typeof NetworkPolicy>;
