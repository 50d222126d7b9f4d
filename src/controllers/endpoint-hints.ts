/** For whom an endpoint is meant, by the Service's trafficDistribution. Knows no consumer: whether hints are followed is their affair. */

import type { EndpointSlice, Service } from '../objects/kinds.js';

type Hints = EndpointSlice['endpoints'][number]['hints'];

const TOPOLOGY = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];

/**
 * Clients of the endpoint's own zone, and with PreferSameNode of its own node before them (KEP-4444, KEP-3015). For ready
 * endpoints only; undefined where there is nothing to say. The older annotation, where it says Auto, goes before the field.
 */
export function hintsOf(
  { metadata, spec }: Service,
  zone: string | undefined,
  node: string | undefined,
): Hints | undefined {
  const { trafficDistribution } = spec;
  const mode = TOPOLOGY.map(key => metadata.annotations?.[key]).find(value => value !== undefined);
  if (!trafficDistribution || mode === 'Auto' || mode === 'auto') return undefined;
  const forZones = zone ? [{ name: zone }] : undefined;
  const forNodes = node && trafficDistribution === 'PreferSameNode' ? [{ name: node }] : undefined;
  return forZones || forNodes ? { ...(forZones && { forZones }), ...(forNodes && { forNodes }) } : undefined;
}
