/** A Pod's quality-of-service class, from its containers' requests and limits of cpu and memory. */
import type { PodSpec } from './pod.js';
import { compareQuantities, parseQuantity } from './quantity.js';

export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const amount = (list: Readonly<Record<string, string>> | undefined, name: string) => {
    const quantity = parseQuantity(list?.[name] ?? '0');
    return quantity && quantity.nano > 0n ? quantity : undefined;
  };
  const pairs = containers.flatMap(({ resources }) =>
    ['cpu', 'memory'].map(name => [amount(resources?.requests, name), amount(resources?.limits, name)] as const),
  );
  if (pairs.every(([request, limit]) => !request && !limit)) return 'BestEffort';
  const pinned = pairs.every(([request, limit]) => limit && compareQuantities(request ?? limit, limit) === 0);
  return pinned ? 'Guaranteed' : 'Burstable';
}
