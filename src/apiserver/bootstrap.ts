/** What every cluster has from its first moment: its namespaces, and the Service by which Pods reach this server. */

import { CLUSTER_NETWORK_POLICIES } from '../objects/cluster-network-policy.js';
import { resources } from '../objects/resources.js';
import { SYSTEM_NAMESPACES } from './admission/namespaces.js';
import type { Api, KubeObject, Resource } from './api.js';
import { kubernetesAddresses } from './cluster-config.js';
import { storeKey } from './served.js';
import { createObject, updateObject } from './write.js';

const OPTIONS = { dryRun: false, manager: 'podwire-apiserver' };

/** Makes what is missing and mends what differs; repeating it changes nothing. */
export function bootstrap(api: Api): void {
  for (const name of SYSTEM_NAMESPACES) ensure(api, resources.namespaces, { metadata: { name } });
  const ips = kubernetesAddresses(api.config).map(String);
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  };
  const ports = [{ name: 'https', port: 443, protocol: 'TCP', targetPort: api.config.advertise.port }];
  const ipFamilyPolicy = ips.length > 1 ? 'RequireDualStack' : 'SingleStack';
  ensure(api, resources.services, {
    metadata,
    spec: { type: 'ClusterIP', clusterIP: ips[0], clusterIPs: ips, ipFamilyPolicy, ports },
  });
  for (const family of [4, 6] as const) ensureSlice(api, family);
  ensureEndpoints(api);
  defineOnce(api, CLUSTER_NETWORK_POLICIES as unknown as KubeObject);
}

/** A definition that somebody has replaced by another version of it stays so. */
function defineOnce(api: Api, definition: KubeObject): void {
  const resource = resources.customresourcedefinitions as unknown as Resource;
  if (!api.store.get(storeKey(resource, undefined, definition.metadata.name)))
    createObject(api, resource, definition, OPTIONS);
}

/** Those of the first family, as Endpoints are; the slices are there already, so nobody is to make them of these. */
function ensureEndpoints(api: Api): void {
  const { addresses, port } = api.config.advertise;
  const [primary] = kubernetesAddresses(api.config);
  const ips = addresses.filter(({ family }) => family === primary?.family).map(ip => ({ ip: ip.toString() }));
  if (ips.length === 0) return;
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  const metadata = { name: 'kubernetes', namespace: 'default', labels };
  const subsets = [{ addresses: ips, ports: [{ name: 'https', port, protocol: 'TCP' }] }];
  ensure(api, resources.endpoints, { metadata, subsets });
}

function ensureSlice(api: Api, family: 4 | 6): void {
  const { addresses, port } = api.config.advertise;
  const endpoints = addresses
    .filter(ip => ip.family === family)
    .map(ip => ({ addresses: [ip.toString()], conditions: { ready: true } }));
  if (endpoints.length === 0) return;
  const metadata = {
    name: family === 4 ? 'kubernetes' : 'kubernetes-ipv6',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'kubernetes' },
  };
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  ensure(api, resources.endpointslices, { metadata, addressType: `IPv${family}`, endpoints, ports });
}

function ensure(
  api: Api,
  known: unknown,
  content: { readonly metadata: KubeObject['metadata']; readonly [field: string]: unknown },
): void {
  const resource = known as Resource;
  const object = {
    apiVersion: resource.group ? `${resource.group}/${resource.version}` : resource.version,
    kind: resource.kind,
    ...content,
  };
  const live = api.store.get(storeKey(resource, content.metadata.namespace, content.metadata.name));
  if (!live) createObject(api, resource, object, OPTIONS);
  else if (resource.plural !== 'namespaces')
    updateObject(
      api,
      resource,
      live,
      { ...live.object, ...object, metadata: { ...live.object.metadata, ...content.metadata } },
      OPTIONS,
    );
}
