/** The environment variables that name a namespace's Services (Pod API, `enableServiceLinks`). Pure. */

import type { Service } from '../../objects/service.js';

/** `services` are those of the Pod's namespace and `default/kubernetes`; without links only the latter is named. */
export function serviceVariables(services: Iterable<Service>, namespace: string, links: boolean): Map<string, string> {
  const out = new Map<string, string>();
  for (const service of services) {
    const kubernetes = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes';
    if (!kubernetes && !(links && service.metadata.namespace === namespace)) continue;
    for (const [name, value] of variables(service)) out.set(name, value);
  }
  return out;
}

function* variables({ metadata, spec }: Service): Generator<[string, string]> {
  const address = spec.clusterIP;
  const [first] = spec.ports ?? [];
  if (!address || address === 'None' || !first) return;
  const upper = (text: string) => text.toUpperCase().replaceAll('-', '_');
  const prefix = upper(metadata.name);
  const host = address.includes(':') ? `[${address}]` : address;
  yield [`${prefix}_SERVICE_HOST`, address];
  yield [`${prefix}_SERVICE_PORT`, String(first.port)];
  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    if (port.name) yield [`${prefix}_SERVICE_PORT_${upper(port.name)}`, String(port.port)];
    if (port === first) yield [`${prefix}_PORT`, url];
    yield [link, url];
    yield [`${link}_PROTO`, protocol.toLowerCase()];
    yield [`${link}_PORT`, String(port.port)];
    yield [`${link}_ADDR`, address];
  }
}
