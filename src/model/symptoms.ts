/** Why a Service does not work although nothing in it is wrong: what its EndpointSlices lack. Knows no node and no time. */

import type { ErrorCode } from '../report/errors.js';
import type { Endpoint, ServiceEntry, ServicePort } from './cluster.js';
import { type Problem, problem } from './problem.js';
import { at, list, stringMap, text } from './read.js';

const CODES: ReadonlySet<ErrorCode> = new Set(['PW-S411', 'PW-S412', 'PW-S413', 'PW-S414']);

/** Such a problem is one, however its details change; and a Service that is just coming up has it for a while. */
export function isSymptom({ code }: Problem): boolean {
  return CODES.has(code);
}

/** At most one, the first thing to mend. Costs what the Service's endpoints cost, which is why no entry carries it. */
export function symptom(service: ServiceEntry): Problem | undefined {
  if (service.type === 'ExternalName') return undefined;
  const endpoints = service.slices.flatMap(slice => slice.endpoints);
  if (endpoints.length === 0) return nobody(service);
  if (!endpoints.some(endpoint => serves(service, endpoint))) return nobodyReady(service, endpoints);
  const lost = service.ports.filter(port => !hasPort(service, port));
  return lost.length > 0 ? portless(service, lost) : undefined;
}

/** Takes connections, if only while others end. */
function serves({ publishNotReadyAddresses }: ServiceEntry, { ready, serving, terminating }: Endpoint): boolean {
  return ready || publishNotReadyAddresses || (serving && terminating);
}

function hasPort(service: ServiceEntry, { name, protocol }: ServicePort): boolean {
  return service.slices.some(
    ({ ports, endpoints }) =>
      ports.some(port => port.name === name && port.protocol === protocol) &&
      endpoints.some(endpoint => serves(service, endpoint)),
  );
}

function nobody(service: ServiceEntry): Problem | undefined {
  const { key, namespace, name, headless } = service;
  const selector = [...stringMap(service.object, 'spec', 'selector')].map(([label, value]) => `${label}=${value}`);
  if (selector.length > 0)
    return problem(`Service ${key}`, 'PW-S411', { selector: selector.sort().join(','), namespace });
  // A name without addresses may be meant so.
  return headless ? undefined : problem(`Service ${key}`, 'PW-S412', { name });
}

function nobodyReady({ key, namespace }: ServiceEntry, endpoints: readonly Endpoint[]): Problem {
  const pod = endpoints.find(endpoint => endpoint.pod)?.pod?.split('/')[1];
  const hint = pod
    ? `\`kubectl -n ${namespace} describe pod ${pod}\` says what it waits for, or which probe fails`
    : 'their EndpointSlices say conditions.ready: false; whoever writes those knows why';
  return problem(`Service ${key}`, 'PW-S413', { count: endpoints.length, hint });
}

function portless({ key, object }: ServiceEntry, lost: readonly ServicePort[]): Problem {
  const targets = new Map(
    list(object, 'spec', 'ports').map(item => [text(item, 'name') ?? '', at(item, 'targetPort')] as const),
  );
  const ports = lost.map(({ name, protocol, port }) => {
    const target = targets.get(name);
    return `${protocol}/${port}${typeof target === 'string' ? ` (targetPort ${target})` : name && ` (${name})`}`;
  });
  return problem(`Service ${key}`, 'PW-S414', { ports: ports.join(', ') });
}
