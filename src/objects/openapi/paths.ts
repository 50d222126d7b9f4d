/** The paths of resources with their verbs and query parameters: by these kubectl finds a kind's schema, and whether the server validates fields and runs dry. */
import { apiVersionOf, type Resource, type Verb } from '../resources.js';

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly verb: Verb;
  /** Names of query parameters. */
  readonly query: readonly string[];
}

export interface Path {
  readonly path: string;
  readonly resource: Resource;
  readonly parameters: readonly ('name' | 'namespace')[];
  readonly operations: readonly Operation[];
}

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation'];
const SELECT = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'timeoutSeconds',
  'watch',
  'allowWatchBookmarks',
  'sendInitialEvents',
];
const DELETE = ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'];

const COLLECTION: readonly Operation[] = [
  { method: 'get', verb: 'list', query: SELECT },
  { method: 'post', verb: 'create', query: WRITE },
  { method: 'delete', verb: 'deletecollection', query: [...DELETE, ...SELECT] },
];
const ITEM: readonly Operation[] = [
  { method: 'get', verb: 'get', query: ['resourceVersion'] },
  { method: 'put', verb: 'update', query: WRITE },
  { method: 'patch', verb: 'patch', query: [...WRITE, 'force'] },
  { method: 'delete', verb: 'delete', query: DELETE },
];

export function pathsOf(resource: Resource): Path[] {
  const version = apiVersionOf(resource);
  const root = `${resource.group ? '/apis' : '/api'}/${version}`;
  const place = resource.namespaced ? `${root}/namespaces/{namespace}` : root;
  const namespace = resource.namespaced ? (['namespace'] as const) : [];
  const served = (operations: readonly Operation[]) => operations.filter(({ verb }) => resource.verbs.includes(verb));
  const list = `${place}/${resource.plural}`;
  const paths: Path[] = [
    { path: list, resource, parameters: namespace, operations: served(COLLECTION) },
    { path: `${list}/{name}`, resource, parameters: ['name', ...namespace], operations: served(ITEM) },
  ];
  if (resource.namespaced)
    paths.push({
      path: `${root}/${resource.plural}`,
      resource,
      parameters: [],
      operations: served(COLLECTION.slice(0, 1)),
    });
  if (resource.subresources.includes('status')) {
    paths.push({
      path: `${list}/{name}/status`,
      resource,
      parameters: ['name', ...namespace],
      operations: served(ITEM.slice(0, 3)),
    });
  }
  return paths;
}

export const kindOf = ({ group, kind, version }: Resource) => ({ group, kind, version });

const BOOLEAN = new Set(['force', 'watch', 'allowWatchBookmarks', 'sendInitialEvents']);
const INTEGER = new Set(['limit', 'timeoutSeconds', 'gracePeriodSeconds']);

export const typeOf = (parameter: string): string =>
  BOOLEAN.has(parameter) ? 'boolean' : INTEGER.has(parameter) ? 'integer' : 'string';

/** Custom resources have no strategic merge patch. */
export const patchTypes = (resource: Resource): string[] => [
  'application/json-patch+json',
  'application/merge-patch+json',
  ...(resource.structural ? [] : ['application/strategic-merge-patch+json']),
  'application/apply-patch+yaml',
];
