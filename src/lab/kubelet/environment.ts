/** A container's environment from its Pod, ConfigMaps, Secrets and Services. Knows the rules of precedence; fetches nothing. */

import type { ConfigMap, Secret } from '../../objects/config.js';
import type { Container, EnvVar } from '../../objects/container.js';
import type { Pod } from '../../objects/pod.js';
import { expand } from './expand.js';
import { fieldValue, type Placement, resourceValue } from './fields.js';

/** The objects that a Pod refers to, in its own namespace. */
export interface References {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** A container that cannot be made of what is there now: shown as CreateContainerConfigError, and tried again. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Throws ConfigError for a reference to something that is not there. Names are in the order of definition. */
export function environment(
  pod: Pod,
  container: Container,
  services: ReadonlyMap<string, string>,
  references: References,
  placement: Placement,
): Map<string, string> {
  const defined = new Map<string, string>();
  const lookUp = (name: string) => defined.get(name) ?? services.get(name);
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(sourceData(source, references)))
      defined.set((source.prefix ?? '') + key, value);
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? fromReference(pod, container, variable.valueFrom, references, placement)
      : expand(variable.value ?? '', lookUp);
    if (value !== undefined) defined.set(variable.name, value);
  }
  // A Service's variables never hide what the Pod says itself.
  for (const [name, value] of services) if (!defined.has(name)) defined.set(name, value);
  return defined;
}

function sourceData(
  source: NonNullable<Container['envFrom']>[number],
  references: References,
): Readonly<Record<string, string>> {
  const { configMapRef, secretRef } = source;
  if (configMapRef) {
    const name = configMapRef.name ?? '';
    const map = references.configMap(name);
    if (!map && !configMapRef.optional) throw new ConfigError(`configmap ${JSON.stringify(name)} not found`);
    return map?.data ?? {};
  }
  if (!secretRef) return {};
  const name = secretRef.name ?? '';
  const secret = references.secret(name);
  if (!secret && !secretRef.optional) throw new ConfigError(`secret ${JSON.stringify(name)} not found`);
  return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decode(value)]));
}

/** Undefined for an optional reference to nothing: the variable is then not set. */
function fromReference(
  pod: Pod,
  container: Container,
  from: NonNullable<EnvVar['valueFrom']>,
  references: References,
  placement: Placement,
): string | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from;
  if (fieldRef) {
    const value = fieldValue(pod, fieldRef.fieldPath, placement);
    if (value === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return value;
  }
  if (resourceFieldRef) {
    const of = containerNamed(pod, resourceFieldRef.containerName) ?? container;
    const value = resourceValue(of, resourceFieldRef.resource, resourceFieldRef.divisor, placement);
    if (value === undefined) throw new ConfigError(`unsupported container resource: ${resourceFieldRef.resource}`);
    return value;
  }
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef;
    return keyOf('ConfigMap', pod, name, key, optional, references.configMap(name)?.data);
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef;
    const value = keyOf('Secret', pod, name, key, optional, references.secret(name)?.data);
    return value === undefined ? undefined : decode(value);
  }
  return '';
}

function keyOf(
  kind: 'ConfigMap' | 'Secret',
  pod: Pod,
  name: string,
  key: string,
  optional: boolean | undefined,
  data: Readonly<Record<string, string>> | undefined,
): string | undefined {
  if (data && Object.hasOwn(data, key)) return data[key];
  if (optional) return undefined;
  throw new ConfigError(
    data
      ? `couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`
      : `${kind.toLowerCase()} ${JSON.stringify(name)} not found`,
  );
}

export function containerNamed(pod: Pod, name: string | undefined): Container | undefined {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(container => container.name === name);
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
