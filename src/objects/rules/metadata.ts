/** The rules of metadata: names by kind, labels, annotations, owners, finalizers; and what of it never changes. */
import { type FieldError, forbidden, invalid, invalidEach, missing, tooLong } from '../field-errors.js';
import { equal } from '../json.js';
import type { KubeObject, LabelSelector, ObjectMeta, TemplateMeta } from '../meta.js';
import { type Check, dns1035Label, dnsLabel, dnsSubdomain, labelValue, pathSegment, qualifiedName } from '../names.js';
import type { Resource } from '../resources.js';
import type { Rule } from './rule.js';

/** Bytes of all annotations together. */
const ANNOTATIONS_MAX = 256 * 1024;

export function metadataErrors(resource: Resource, object: KubeObject): FieldError[] {
  const { metadata } = object;
  const errors = nameErrors(resource, metadata);
  if (resource.namespaced) {
    if (!metadata.namespace) errors.push(missing('metadata.namespace'));
    else errors.push(...invalidEach('metadata.namespace', metadata.namespace, dnsLabel(metadata.namespace)));
  } else if (metadata.namespace) errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  return [...errors, ...templateMeta(metadata, 'metadata')];
}

/** Names that are not DNS subdomains. A custom resource's name is always one. */
const NAME_RULES: Readonly<Record<string, Check>> = {
  Service: dns1035Label,
  Namespace: dnsLabel,
  Role: pathSegment,
  ClusterRole: pathSegment,
  RoleBinding: pathSegment,
  ClusterRoleBinding: pathSegment,
};

function nameErrors(resource: Resource, { name, generateName }: ObjectMeta): FieldError[] {
  const check = (!resource.structural && NAME_RULES[resource.kind]) || dnsSubdomain;
  const errors: FieldError[] = [];
  // A prefix may end in the dash that will not be last.
  if (generateName)
    errors.push(...invalidEach('metadata.generateName', generateName, check(generateName.replace(/-$/, 'a'))));
  if (name) errors.push(...invalidEach('metadata.name', name, check(name)));
  else errors.push(missing('metadata.name', 'name or generateName is required'));
  return errors;
}

/** Labels, annotations, owners and finalizers: of objects and of templates. */
export const templateMeta: Rule<TemplateMeta> = (metadata, path) => [
  ...labelErrors(metadata.labels, `${path}.labels`),
  ...annotationErrors(metadata.annotations, `${path}.annotations`),
  ...ownerErrors(metadata, `${path}.ownerReferences`),
  ...(metadata.finalizers ?? []).flatMap(name => finalizerErrors(name, `${path}.finalizers`)),
];

export function labelErrors(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(path, key, qualifiedName(key)),
    ...invalidEach(path, value, labelValue(value)),
  ]);
}

function annotationErrors(annotations: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) => invalidEach(path, key, qualifiedName(key.toLowerCase())));
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return size > ANNOTATIONS_MAX ? [...errors, tooLong(path, ANNOTATIONS_MAX)] : errors;
}

function ownerErrors({ ownerReferences = [] }: TemplateMeta, path: string): FieldError[] {
  const errors = ownerReferences.flatMap((owner, i) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter(key => !owner[key])
      .map(key => invalid(`${path}[${i}].${key}`, '', `${key === 'apiVersion' ? 'version' : key} must not be empty`)),
  );
  const controllers = ownerReferences.filter(owner => owner.controller);
  if (controllers.length > 1) {
    const names = controllers.map(owner => `${owner.kind}/${owner.name}`).join(' and ');
    errors.push(
      invalid(
        path,
        ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${names}`,
      ),
    );
  }
  return errors;
}

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

function finalizerErrors(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedName(name));
  if (errors.length > 0 || name.includes('/') || STANDARD_FINALIZERS.includes(name)) return errors;
  return [invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

/** Fields of metadata that stay as they were created. */
export function metadataUpdateErrors(next: KubeObject, old: KubeObject): FieldError[] {
  const errors = (['name', 'namespace', 'uid', 'creationTimestamp'] as const)
    .filter(key => !equal(next.metadata[key], old.metadata[key]))
    .map(key => invalid(`metadata.${key}`, next.metadata[key] ?? '', 'field is immutable'));
  if (!old.metadata.deletionTimestamp) return errors;
  const added = (next.metadata.finalizers ?? []).filter(name => !old.metadata.finalizers?.includes(name));
  if (added.length > 0) {
    const list = added.map(name => JSON.stringify(name)).join(', ');
    errors.push(
      forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      ),
    );
  }
  return errors;
}

export const labelSelectorRule: Rule<LabelSelector> = (selector, path) => [
  ...labelErrors(selector.matchLabels, `${path}.matchLabels`),
  ...(selector.matchExpressions ?? []).flatMap(({ key, operator, values = [] }, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    const errors = key ? invalidEach(`${at}.key`, key, qualifiedName(key)) : [];
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        errors.push(missing(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else if (operator) errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
    return [...errors, ...values.flatMap((value, n) => invalidEach(`${at}.values[${n}]`, value, labelValue(value)))];
  }),
];
