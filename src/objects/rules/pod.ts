/** The rules of a Pod's spec, in Pods and in templates alike. */
import type { Container } from '../container.js';
import { duplicate, type FieldError, forbidden, invalid, invalidEach, missing, notFound } from '../field-errors.js';
import { dnsSubdomain, ipAddress, qualifiedName } from '../names.js';
import type { PodSpec, Toleration } from '../pod.js';
import type { Volume } from '../volume.js';
import { labelErrors } from './metadata.js';
import { duplicates, type Rule } from './rule.js';

export const podSpecRule: Rule<PodSpec> = (spec, path) => [
  ...duplicates(
    spec.volumes,
    volume => volume.name,
    i => `${path}.volumes[${i}].name`,
  ),
  ...containerErrors(spec, path),
  ...labelErrors(spec.nodeSelector, `${path}.nodeSelector`),
  ...nameErrors(spec, path),
  ...hostNetworkErrors(spec, path),
  ...dnsErrors(spec, path),
  ...(spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, i) => [
    ...(ip ? invalidEach(`${path}.hostAliases[${i}].ip`, ip, ipAddress(ip)) : []),
    ...hostnames.flatMap((name, n) =>
      invalidEach(`${path}.hostAliases[${i}].hostnames[${n}]`, name, dnsSubdomain(name)),
    ),
  ]),
  ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
    invalidEach(`${path}.readinessGates[${i}].conditionType`, conditionType, qualifiedName(conditionType)),
  ),
];

function containerErrors(spec: PodSpec, path: string): FieldError[] {
  const lists = ['containers', 'initContainers', 'ephemeralContainers'] as const;
  const names = new Set<string>();
  const volumes = new Set(spec.volumes?.map(volume => volume.name));
  return lists.flatMap(list =>
    (spec[list] ?? []).flatMap((container: Container, i) => {
      const at = `${path}.${list}[${i}]`;
      const errors: FieldError[] = [];
      if (container.name && names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name));
      names.add(container.name);
      for (const [n, mount] of (container.volumeMounts ?? []).entries()) {
        if (mount.name && !volumes.has(mount.name)) errors.push(notFound(`${at}.volumeMounts[${n}].name`, mount.name));
      }
      if (list === 'containers' && container.restartPolicy)
        errors.push(forbidden(`${at}.restartPolicy`, 'may not be set for non-init containers'));
      const sidecar = list === 'initContainers' && container.restartPolicy === 'Always';
      if (list !== 'containers' && !sidecar) {
        for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
          const who =
            list === 'initContainers' ? 'init containers without restartPolicy=Always' : 'ephemeral containers';
          if (container[key]) errors.push(forbidden(`${at}.${key}`, `may not be set for ${who}`));
        }
      }
      return errors;
    }),
  );
}

function nameErrors(spec: PodSpec, path: string): FieldError[] {
  const subdomains = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const;
  return subdomains.flatMap(key =>
    spec[key] ? invalidEach(`${path}.${key}`, spec[key], dnsSubdomain(spec[key])) : [],
  );
}

function hostNetworkErrors(spec: PodSpec, path: string): FieldError[] {
  const taken = new Set<string>();
  return (spec.containers ?? []).flatMap((container, i) =>
    (container.ports ?? []).flatMap((port, n) => {
      const at = `${path}.containers[${i}].ports[${n}]`;
      const errors: FieldError[] = [];
      if (spec.hostNetwork && port.hostPort !== port.containerPort) {
        errors.push(
          invalid(`${at}.containerPort`, port.containerPort, 'must match `hostPort` when `hostNetwork` is true'),
        );
      }
      if (!port.hostPort) return errors;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) errors.push(duplicate(`${at}.hostPort`, key));
      taken.add(key);
      return errors;
    }),
  );
}

/** Limits of a resolv.conf, k8s.io/kubernetes/pkg/apis/core/validation. */
export const MAX_NAMESERVERS = 3;
export const MAX_SEARCHES = 32;
export const MAX_SEARCH_LENGTH = 2048;

function dnsErrors({ dnsConfig, dnsPolicy }: PodSpec, path: string): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const at = `${path}.dnsConfig`;
  const errors: FieldError[] = [];
  if (dnsPolicy === 'None' && !dnsConfig) errors.push(missing(at, 'must provide `dnsConfig` when `dnsPolicy` is None'));
  else if (dnsPolicy === 'None' && nameservers.length === 0) {
    errors.push(missing(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  if (nameservers.length > MAX_NAMESERVERS)
    errors.push(invalid(`${at}.nameservers`, nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`));
  nameservers.forEach((ip, i) => {
    errors.push(...invalidEach(`${at}.nameservers[${i}]`, ip, ipAddress(ip)));
  });
  if (searches.length > MAX_SEARCHES)
    errors.push(invalid(`${at}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`));
  if (searches.join(' ').length > MAX_SEARCH_LENGTH) {
    errors.push(
      invalid(
        `${at}.searches`,
        searches,
        `must not have more than ${MAX_SEARCH_LENGTH} characters (including spaces) in the search list`,
      ),
    );
  }
  searches.forEach((name, i) => {
    // A lone dot is the root, a trailing one makes a name absolute, and service names begin with an underscore.
    if (name !== '.')
      errors.push(
        ...invalidEach(`${at}.searches[${i}]`, name, dnsSubdomain(name.replace(/\.$/, '').replaceAll('_', 'a'))),
      );
  });
  options.forEach((option, i) => {
    if (!option.name) errors.push(missing(`${at}.options[${i}]`, 'must not be empty'));
  });
  return errors;
}

export const volumeRule: Rule<Volume> = (volume, path) => {
  const sources = Object.keys(volume).filter(key => key !== 'name' && volume[key as keyof Volume] !== undefined);
  const errors: FieldError[] = [];
  if (sources.length === 0) errors.push(missing(path, 'must specify a volume type'));
  for (const key of sources.slice(1))
    errors.push(forbidden(`${path}.${key}`, 'may not specify more than 1 volume type'));
  for (const key of ['configMap', 'secret'] as const) {
    volume[key]?.items?.forEach((item, i) => {
      errors.push(...relativePath(item.path, `${path}.${key}.items[${i}].path`));
    });
  }
  if (volume.configMap && !volume.configMap.name) errors.push(missing(`${path}.configMap.name`));
  if (volume.secret && !volume.secret.secretName) errors.push(missing(`${path}.secret.secretName`));
  return errors;
};

function relativePath(value: string, path: string): FieldError[] {
  if (value?.startsWith('/')) return [invalid(path, value, 'must be a relative path')];
  if (value?.split('/').includes('..')) return [invalid(path, value, "must not contain '..'")];
  return value?.startsWith('..') ? [invalid(path, value, "must not start with '..'")] : [];
}

export const tolerationRule: Rule<Toleration> = (toleration, path) => {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration;
  const errors = key ? invalidEach(`${path}.key`, key, qualifiedName(key)) : [];
  if (!key && operator !== 'Exists') {
    errors.push(
      invalid(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  }
  if (operator === 'Exists' && value)
    errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  return errors;
};
