/** Ingress and IngressClass. */
import { CORE, kind } from './meta.js';
import { NETWORKING } from './network-policy.js';
import { type Infer, int32, list, object, oneOf, required, string } from './schema.js';

export const IngressBackend = object(
  {
    service: object(
      {
        name: required(string()),
        port: object({ name: string(), number: int32() }, { name: `${NETWORKING}ServiceBackendPort`, atomic: true }),
      },
      { name: `${NETWORKING}IngressServiceBackend` },
    ),
    resource: object(
      { apiGroup: string(), kind: required(string()), name: required(string()) },
      { name: `${CORE}TypedLocalObjectReference`, atomic: true },
    ),
  },
  { name: `${NETWORKING}IngressBackend` },
);
export type IngressBackend = Infer<typeof IngressBackend>;

const path = object(
  {
    path: string(),
    pathType: required(oneOf('Exact', 'ImplementationSpecific', 'Prefix')),
    backend: required(IngressBackend),
  },
  { name: `${NETWORKING}HTTPIngressPath` },
);

const loadBalancer = object(
  {
    ingress: list(
      object(
        {
          ip: string(),
          hostname: string(),
          ports: list(
            object(
              { port: required(int32()), protocol: required(string()), error: string() },
              { name: `${NETWORKING}IngressPortStatus` },
            ),
          ),
        },
        { name: `${NETWORKING}IngressLoadBalancerIngress` },
      ),
    ),
  },
  { name: `${NETWORKING}IngressLoadBalancerStatus` },
);

export const Ingress = kind(`${NETWORKING}Ingress`, {
  spec: required(
    object(
      {
        ingressClassName: string(),
        defaultBackend: IngressBackend,
        tls: list(object({ hosts: list(string()), secretName: string() }, { name: `${NETWORKING}IngressTLS` })),
        rules: list(
          object(
            {
              host: string(),
              http: object({ paths: required(list(path)) }, { name: `${NETWORKING}HTTPIngressRuleValue` }),
            },
            { name: `${NETWORKING}IngressRule` },
          ),
        ),
      },
      { name: `${NETWORKING}IngressSpec` },
    ),
  ),
  status: object({ loadBalancer }, { name: `${NETWORKING}IngressStatus` }),
});
export type Ingress = Infer<typeof Ingress>;

export const IngressClass = kind(`${NETWORKING}IngressClass`, {
  spec: object(
    {
      controller: string(),
      parameters: object(
        {
          apiGroup: string(),
          kind: required(string()),
          name: required(string()),
          scope: oneOf('Cluster', 'Namespace'),
          namespace: string(),
        },
        { name: `${NETWORKING}IngressClassParametersReference` },
      ),
    },
    { name: `${NETWORKING}IngressClassSpec` },
  ),
});
export type IngressClass = Infer<typeof IngressClass>;
