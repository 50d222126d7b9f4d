/** What policies dropped, as Prometheus text: counted by the rules themselves, so nothing is missed while no agent runs. */

import type { FlowPort } from '../kernel/flows.js';
import { type Labels, metric } from '../report/metrics.js';

/** Only rules that dropped something: the labels grow with what is refused, not with the cluster. */
export function policyMetrics(flows: Pick<FlowPort, 'counted'>): string {
  const drops = new Map<string, readonly [Labels, number]>();
  for (const { chain, cause, packets } of flows.counted()) {
    const direction = /^policy-(ingress|egress)-/.exec(chain)?.[1];
    if (!direction) continue;
    // Pods for whom other things are decided, too, have rules of their own with the same cause.
    const before = drops.get(`${direction} ${cause}`)?.[1] ?? 0;
    drops.set(`${direction} ${cause}`, [{ direction, cause }, before + packets]);
  }
  const help = 'Packets that a rule of a policy, or the isolation by policies, dropped.';
  return metric('podwire_policy_drops_total', 'counter', help, [...drops.values()]);
}
