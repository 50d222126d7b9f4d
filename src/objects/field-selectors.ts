/** Field selectors: `spec.nodeName=n1,status.phase!=Failed`, and the fields by which each kind may be selected. */
import type { KubeObject } from './meta.js';
import { apiVersionOf, type Resource } from './resources.js';

export interface FieldRequirement {
  readonly path: string;
  readonly op: '=' | '!=';
  readonly value: string;
}

const META = ['metadata.name', 'metadata.namespace'];

const EVENT = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  'v1 Pod': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  'v1 Node': ['spec.unschedulable'],
  'v1 Namespace': ['status.phase'],
  'v1 Secret': ['type'],
  'v1 Service': ['spec.clusterIP', 'spec.type'],
  'v1 Event': [...EVENT.map(field => `involvedObject.${field}`), 'reason', 'reportingComponent', 'source', 'type'],
  'events.k8s.io/v1 Event': [...EVENT.map(field => `regarding.${field}`), 'reason', 'reportingController', 'type'],
  'apps/v1 ReplicaSet': ['status.replicas'],
  'batch/v1 Job': ['status.successful'],
};

/** What an absent field reads as, where that is not the empty text. */
const ZERO: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.replicas': '0',
  'status.successful': '0',
};

/** Selectable names that are not the path of the field. */
const ALIAS: Readonly<Record<string, string>> = { source: 'source.component', 'status.successful': 'status.succeeded' };

/** Reads the text form; with a resource given, refuses fields that it cannot be selected by. */
export function parseFieldSelector(
  text: string,
  resource?: Resource,
): readonly FieldRequirement[] | { readonly error: string } {
  const requirements: FieldRequirement[] = [];
  for (const term of text.match(/(?:\\.|[^,\\])+/g) ?? []) {
    const match = /^((?:\\.|[^=!\\])*)(==|=|!=)((?:\\.|[^\\])*)$/.exec(term);
    if (!match) return { error: `invalid selector: '${text}'; can't understand '${term}'` };
    const path = match[1]!.trim();
    if (resource && !selectablePaths(resource).includes(path)) return { error: `field label not supported: ${path}` };
    const value = match[3]!;
    if (/(^|[^\\])=/.test(value)) return { error: `invalid field selector: ${text}: unescaped '=' in '${value}'` };
    requirements.push({ path, op: match[2] === '!=' ? '!=' : '=', value: value.replace(/\\(.)/g, '$1') });
  }
  return requirements;
}

export function selectablePaths(resource: Resource): readonly string[] {
  const key = `${apiVersionOf(resource)} ${resource.kind}`;
  return [...META, ...(Object.hasOwn(SELECTABLE, key) ? SELECTABLE[key]! : (resource.selectable ?? []))];
}

export function matchesFields(requirements: readonly FieldRequirement[], object: KubeObject): boolean {
  return requirements.every(({ path, op, value }) => (fieldText(object, path) === value) === (op === '='));
}

/** The selectable fields of an object with their values as text. */
export function selectableFields(resource: Resource, object: KubeObject): Record<string, string> {
  return Object.fromEntries(selectablePaths(resource).map(path => [path, fieldText(object, path)]));
}

function fieldText(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of (ALIAS[path] ?? path).split('.')) {
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined;
  }
  return value === undefined || value === null ? (ZERO[path] ?? '') : String(value);
}
