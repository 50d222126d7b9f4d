/** Role, ClusterRole and their bindings. */
import { kind, LabelSelector } from './meta.js';
import { type Infer, list, object, required, string } from './schema.js';

const RBAC = 'io.k8s.api.rbac.v1.';

export const PolicyRule = object(
  {
    verbs: required(list(string())),
    apiGroups: list(string()),
    resources: list(string()),
    resourceNames: list(string()),
    nonResourceURLs: list(string()),
  },
  { name: `${RBAC}PolicyRule` },
);
export type PolicyRule = Infer<typeof PolicyRule>;

const Subject = object(
  { kind: required(string()), apiGroup: string(), name: required(string()), namespace: string() },
  { name: `${RBAC}Subject`, atomic: true },
);
const RoleRef = object(
  { apiGroup: string(), kind: required(string()), name: required(string()) },
  { name: `${RBAC}RoleRef`, atomic: true },
);
const binding = { subjects: list(Subject), roleRef: required(RoleRef) } as const;

export const Role = kind(`${RBAC}Role`, { rules: list(PolicyRule) });
export type Role = Infer<typeof Role>;

export const ClusterRole = kind(`${RBAC}ClusterRole`, {
  rules: list(PolicyRule),
  aggregationRule: object({ clusterRoleSelectors: list(LabelSelector) }, { name: `${RBAC}AggregationRule` }),
});
export type ClusterRole = Infer<typeof ClusterRole>;

export const RoleBinding = kind(`${RBAC}RoleBinding`, binding);
export type RoleBinding = Infer<typeof RoleBinding>;

export const ClusterRoleBinding = kind(`${RBAC}ClusterRoleBinding`, binding);
export type ClusterRoleBinding = Infer<typeof ClusterRoleBinding>;
