/** An EndpointSlice as a value. Refuses addresses that no endpoint may have, and knows nothing of its Service but the name. */

import { Ip } from '../net/ip.js';
import type { KubeObject } from '../objects/meta.js';
import type { Endpoint, SliceEntry } from './cluster.js';
import { isForbidden } from './forbidden.js';
import { type Problem, problem } from './problem.js';
import { flag, list, text, texts } from './read.js';
import { servicePorts } from './service.js';

/** The Service that this slice belongs to, or undefined. */
export function sliceService(object: KubeObject): string | undefined {
  return text(object, 'metadata', 'labels', 'kubernetes.io/service-name');
}

/** The entry of that slice, or undefined for one of names (addressType FQDN). Bad endpoints are left out, each a problem. */
export function sliceEntry(key: string, object: KubeObject): SliceEntry | undefined {
  const type = text(object, 'addressType');
  if (type !== 'IPv4' && type !== 'IPv6') return undefined;
  const family = type === 'IPv4' ? 4 : 6;
  const problems: Problem[] = [];
  const endpoints: Endpoint[] = [];
  for (const item of list(object, 'endpoints')) {
    // The API lists several addresses for history's sake; consumers take the first (discovery.k8s.io/v1 Endpoint.addresses).
    const written = texts(item, 'addresses')[0] ?? '';
    const ip = Ip.parse(written);
    if (ip?.family !== family)
      problems.push(problem(`EndpointSlice ${key}`, 'PW-S404', { ip: written || '(none)', type }));
    else if (isForbidden(ip)) problems.push(problem(`EndpointSlice ${key}`, 'PW-S403', { ip: written }));
    else endpoints.push(endpoint(ip, item));
  }
  return { key, family, ports: servicePorts(list(object, 'ports')), endpoints, problems };
}

function endpoint(ip: Ip, item: unknown): Endpoint {
  // discovery.k8s.io/v1 EndpointConditions: ready left out means true, serving then follows ready, terminating means false.
  const ready = flag(item, 'conditions', 'ready') ?? true;
  const pod = text(item, 'targetRef', 'kind') === 'Pod' ? text(item, 'targetRef', 'name') : undefined;
  return {
    ip,
    ready,
    serving: flag(item, 'conditions', 'serving') ?? ready,
    terminating: flag(item, 'conditions', 'terminating') ?? false,
    hostname: text(item, 'hostname'),
    nodeName: text(item, 'nodeName'),
    zone: text(item, 'zone'),
    forZones: hints(item, 'forZones'),
    forNodes: hints(item, 'forNodes'),
    pod: pod && `${text(item, 'targetRef', 'namespace') ?? ''}/${pod}`,
  };
}

/** discovery.k8s.io/v1 EndpointHints: a list of `{name}`; an empty one is none. */
function hints(item: unknown, key: 'forZones' | 'forNodes'): readonly string[] | undefined {
  const found = list(item, 'hints', key);
  return found.length ? found.flatMap(hint => text(hint, 'name') ?? []) : undefined;
}
