/** A Pod's quality-of-service class from its requests and limits (Pod API, status.qosClass). Pure. */

import type { Pod } from '../../objects/pod.js';
import { parseQuantity } from '../../objects/quantity.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COUNTED = ['cpu', 'memory'] as const;

export function qosClass(pod: Pod): QosClass {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const amount = (list: Readonly<Record<string, string>> | undefined, name: string) =>
    parseQuantity(list?.[name] ?? '0')?.nano ?? 0n;
  const some = all.some(({ resources }) =>
    COUNTED.some(name => amount(resources?.requests, name) + amount(resources?.limits, name) > 0n),
  );
  if (!some) return 'BestEffort';
  const exact = all.every(({ resources }) =>
    COUNTED.every(name => {
      const limit = amount(resources?.limits, name);
      // A limit without a request is a request of as much.
      return limit > 0n && (resources?.requests?.[name] === undefined || amount(resources.requests, name) === limit);
    }),
  );
  return exact ? 'Guaranteed' : 'Burstable';
}
