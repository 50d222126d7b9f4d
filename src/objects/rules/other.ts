/** The rules of ConfigMap, Secret, Event, RBAC, Lease, CustomResourceDefinition and other small kinds. */
import type { ConfigMap, Secret } from '../config.js';
import type { CustomResourceDefinition } from '../custom-resource-definition.js';
import { type FieldError, invalid, invalidEach, missing, notSupported, tooLong } from '../field-errors.js';
import type { Lease } from '../lease.js';
import { configKey, dnsLabel, dnsSubdomain } from '../names.js';
import type { Node, Taint } from '../node.js';
import type { PriorityClass } from '../priority-class.js';
import type { RoleBinding } from '../rbac.js';
import { structuralSchemaErrors } from '../structural-schema.js';
import { duplicates, type Rule } from './rule.js';

/** Bytes of all values together (core/validation MaxSecretSize). */
const DATA_MAX = 1024 * 1024;

export const configMapRule: Rule<ConfigMap> = ({ data = {}, binaryData = {} }) => {
  const errors = [
    ...Object.keys(data).flatMap(key => invalidEach(`data[${key}]`, key, configKey(key))),
    ...Object.keys(binaryData).flatMap(key => invalidEach(`binaryData[${key}]`, key, configKey(key))),
  ];
  for (const key of Object.keys(data))
    if (Object.hasOwn(binaryData, key))
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  const size =
    sum(Object.values(data), text => Buffer.byteLength(text)) + sum(Object.values(binaryData), decodedLength);
  return size > DATA_MAX ? [...errors, tooLong('', DATA_MAX)] : errors;
};

/** What some types of Secret must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};

export const secretRule: Rule<Secret> = ({ type = '', data = {} }) => {
  const errors = Object.keys(data).flatMap(key => invalidEach(`data[${key}]`, key, configKey(key)));
  const keys = Object.hasOwn(SECRET_KEYS, type) ? SECRET_KEYS[type]! : [];
  errors.push(...keys.filter(key => !Object.hasOwn(data, key)).map(key => missing(`data[${key}]`)));
  return sum(Object.values(data), decodedLength) > DATA_MAX ? [...errors, tooLong('data', DATA_MAX)] : errors;
};

const sum = (texts: readonly string[], size: (text: string) => number) =>
  texts.reduce((total, text) => total + size(text), 0);
const decodedLength = (base64: string) => Math.floor((base64.replace(/=+$/, '').length * 3) / 4);

export const nodeRule: Rule<Node> = ({ spec = {} }) => {
  const { podCIDR, podCIDRs = [] } = spec;
  if (podCIDRs.length > 0 && podCIDR !== podCIDRs[0])
    return [invalid('spec.podCIDRs', podCIDRs, 'must contain the same value as podCIDR as first element')];
  return duplicates(
    spec.taints as readonly Taint[] | undefined,
    taint => `${taint.key}:${taint.effect}`,
    i => `spec.taints[${i}]`,
  );
};

export const leaseRule: Rule<Lease> = ({ spec = {} }) => {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  if (duration !== undefined && duration <= 0)
    errors.push(invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  if (transitions !== undefined && transitions < 0)
    errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  return errors;
};

/** Above this, values are for the system's own classes. */
const HIGHEST_USER_PRIORITY = 1_000_000_000;

export const priorityClassRule: Rule<PriorityClass> = ({ value, metadata }) => {
  if (value <= HIGHEST_USER_PRIORITY || metadata.name.startsWith('system-')) return [];
  return [invalid('value', value, `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)];
};

const SUBJECTS = ['ServiceAccount', 'User', 'Group'];

export const bindingRule: Rule<RoleBinding> = ({ roleRef, subjects = [], kind }) => {
  const errors: FieldError[] = [];
  const roles = kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
  if (roleRef.kind && !roles.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, roles));
  subjects.forEach((subject, i) => {
    const at = `subjects[${i}]`;
    if (subject.kind && !SUBJECTS.includes(subject.kind))
      errors.push(notSupported(`${at}.kind`, subject.kind, SUBJECTS));
    if (subject.kind === 'ServiceAccount' && kind === 'ClusterRoleBinding' && !subject.namespace)
      errors.push(missing(`${at}.namespace`));
  });
  return errors;
};

export const customResourceDefinitionRule: Rule<CustomResourceDefinition> = ({ metadata, spec }) => {
  const { group = '', names, versions = [] } = spec;
  const errors: FieldError[] = [];
  const name = `${names.plural}.${group}`;
  if (metadata.name !== name)
    errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'));
  if (group) errors.push(...invalidEach('spec.group', group, dnsSubdomain(group)));
  if (group && !group.includes('.'))
    errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  for (const key of ['plural', 'singular'] as const)
    if (names[key]) errors.push(...invalidEach(`spec.names.${key}`, names[key], dnsLabel(names[key])));
  for (const key of ['kind', 'listKind'] as const) {
    if (names[key]) errors.push(...invalidEach(`spec.names.${key}`, names[key], dnsLabel(names[key].toLowerCase())));
  }
  errors.push(
    ...duplicates(
      versions,
      version => version.name,
      i => `spec.versions[${i}].name`,
    ),
  );
  const stored = versions.filter(version => version.storage);
  if (stored.length !== 1)
    errors.push(
      invalid(
        'spec.versions',
        versions.map(version => version.name),
        'must have exactly one version marked as storage version',
      ),
    );
  versions.forEach((version, i) => {
    const at = `spec.versions[${i}]`;
    if (version.name) errors.push(...invalidEach(`${at}.name`, version.name, dnsLabel(version.name)));
    const schema = version.schema?.openAPIV3Schema;
    if (schema === undefined) errors.push(missing(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    else errors.push(...structuralSchemaErrors(schema, `${at}.schema.openAPIV3Schema`));
  });
  return errors;
};
