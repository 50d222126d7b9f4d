/** Discovery: the groups, versions and resources that are served, in the legacy and in the aggregated form. Pure. */

import type { Resource, Subresource } from '../../objects/resources.js';

type Versions = ReadonlyMap<string, readonly Resource[]>;
export type Groups = ReadonlyMap<string, Versions>;

/** GET /api. */
export function apiVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

/** GET /apis. */
export function apiGroupList(groups: Groups): object {
  const named = [...groups].filter(([group]) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(([group, versions]) => groupOf(group, versions)) };
}

/** GET /apis/GROUP. */
export function apiGroup(group: string, versions: Versions): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, versions) };
}

function groupOf(name: string, versions: Versions): object {
  const list = [...versions.keys()].map(version => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: list, preferredVersion: list[0] };
}

/** GET /api/v1 and /apis/GROUP/VERSION. */
export function apiResourceList(groupVersion: string, resources: readonly Resource[]): object {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: resources.flatMap(legacyEntries) };
}

function legacyEntries(resource: Resource): object[] {
  const { plural: name, singular: singularName, namespaced, kind, verbs, shortNames, categories } = resource;
  const names = { ...(shortNames.length > 0 && { shortNames }), ...(categories.length > 0 && { categories }) };
  const parts = resource.subresources.map(subresource => {
    const { verbs, ...type } = subresourceType(resource, subresource);
    const foreign = type.kind !== kind && type.version && { group: type.group, version: type.version };
    return { name: `${name}/${subresource}`, singularName: '', namespaced, ...foreign, kind: type.kind, verbs };
  });
  return [{ name, singularName, namespaced, kind, verbs, ...names }, ...parts];
}

/** GET /api (of the core group) and /apis (of the others) with Accept …as=APIGroupDiscoveryList. */
export function aggregated(groups: Groups, core: boolean, version: string): object {
  const items = [...groups].filter(([group]) => (group === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: items.map(([name, versions]) => ({
      metadata: { ...(name && { name }), creationTimestamp: null },
      versions: [...versions].map(([version, resources]) => ({
        version,
        freshness: 'Current',
        resources: resources.map(aggregatedEntry),
      })),
    })),
  };
}

function aggregatedEntry(resource: Resource): object {
  const { group, version, kind, plural, singular, namespaced, verbs, shortNames, categories } = resource;
  const subresources = resource.subresources.map(subresource => {
    const type = subresourceType(resource, subresource);
    return {
      subresource,
      responseKind: { group: type.group, version: type.version, kind: type.kind },
      verbs: type.verbs,
    };
  });
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}

interface SubresourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** What a subresource speaks, where that is not its own resource's kind. */
function subresourceType({ group, version, kind }: Resource, subresource: Subresource): SubresourceType {
  switch (subresource) {
    case 'scale':
      return { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] };
    case 'eviction':
      return { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] };
    case 'binding':
      return { group: '', version: 'v1', kind: 'Binding', verbs: ['create'] };
    case 'token':
      return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] };
    case 'exec':
    case 'attach':
    case 'portforward':
      return { group: '', version: 'v1', kind: `Pod${OPTIONS[subresource]}Options`, verbs: ['create', 'get'] };
    case 'log':
      return { group, version, kind, verbs: ['get'] };
    case 'finalize':
      return { group, version, kind, verbs: ['update'] };
    default:
      return { group, version, kind, verbs: ['get', 'patch', 'update'] };
  }
}

const OPTIONS = { exec: 'Exec', attach: 'Attach', portforward: 'PortForward' } as const;
