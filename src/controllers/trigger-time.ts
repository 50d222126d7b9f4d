/** When what endpoints say came about, as far as Service and Pods tell: the delay of programming is counted from then. Knows no form of endpoints. */

import type { Service } from '../objects/kinds.js';
import { timestamp } from './controller.js';
import { condition } from './pods.js';
import type { ServicePod } from './service-pods.js';

export const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Of each Pod's uid whether it serves. */
export type Serving = ReadonlyMap<string | undefined, boolean>;

/**
 * The earliest moment at which one of the Pods became ready or unready that `before` and `after` tell apart: RFC 3339 in
 * whole seconds. Without `before` nobody has written endpoints of this Service yet, and what counts is when it was made.
 * Undefined where no Pod's readiness is the reason, as when one goes: nobody wrote down when.
 */
export function triggerTime(
  service: Service,
  pods: readonly ServicePod[],
  before: Serving | undefined,
  after: Serving,
): string | undefined {
  if (!before) return earliest([service.metadata.creationTimestamp]);
  const changed = pods.filter(({ pod: { metadata } }) => {
    const now = after.get(metadata.uid);
    return now !== undefined && now !== before.get(metadata.uid);
  });
  return earliest(changed.map(({ pod }) => condition(pod, 'Ready')?.lastTransitionTime));
}

function earliest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.flatMap(time => Date.parse(time ?? '') || []);
  return known.length > 0 ? timestamp(Math.min(...known)) : undefined;
}

/** The annotations with that time in place of an older one. */
export function withTrigger(
  annotations: Readonly<Record<string, string>> | undefined,
  time: string | undefined,
): Record<string, string> {
  const { [TRIGGER]: _, ...others } = annotations ?? {};
  return { ...others, ...(time && { [TRIGGER]: time }) };
}
