/** The downward API: what a Pod may know of itself, by field path. Knows Pods and resources; reads nothing else. */

import type { Container } from '../../objects/container.js';
import type { Pod } from '../../objects/pod.js';
import { parseQuantity } from '../../objects/quantity.js';

/** What is known only when the Pod is placed and has its network. */
export interface Placement {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** Stands in for a limit that is not set: `cpu`, `memory` … */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Undefined for a path that the downward API does not have. */
export function fieldValue(pod: Pod, path: string, placement: Placement): string | undefined {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.podIP':
      return placement.podIPs[0] ?? '';
    case 'status.podIPs':
      return placement.podIPs.join(',');
    case 'status.hostIP':
      return placement.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return placement.hostIPs.join(',');
    default:
      return undefined;
  }
}

/** `limits.cpu` and its like in units of `divisor` (default 1), rounded up. Undefined for a path that is none. */
export function resourceValue(
  container: Container,
  path: string,
  divisor: string | undefined,
  placement: Placement,
): string | undefined {
  const match = /^(limits|requests)\.(.+)$/.exec(path);
  if (!match) return undefined;
  const [, list, name] = match as unknown as [string, 'limits' | 'requests', string];
  const text = container.resources?.[list]?.[name] ?? (list === 'limits' ? placement.allocatable[name] : '0');
  const value = parseQuantity(text ?? '0')?.nano ?? 0n;
  const unit = parseQuantity(!divisor || divisor === '0' ? '1' : divisor)?.nano ?? 1n;
  return String((value + unit - 1n) / unit);
}

/** One `key="value"` a line, sorted, as kubelet writes label and annotation files. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map(key => `${key}=${JSON.stringify(map![key])}`)
    .join('\n');
}
