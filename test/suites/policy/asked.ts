/** One connection asked of the planned machine by the tracer, held against the oracle: verdict, reason, and the way back. */

import assert from 'node:assert/strict';
import { policyIntent } from '../../../src/intent/policy.js';
import { format } from '../../../src/trace/format.js';
import { reply, trace } from '../../../src/trace/trace.js';
import { netnsOf, type Planned } from './planned.js';
import type { Question } from './suite.js';
import { ipOf } from './world.js';

/** Whether it passes. Throws an AssertionError where it is dropped for another reason than the oracle's, or no answer comes back. */
export function tracePasses({ cluster, machine }: Planned, { from, to, protocol, port, family }: Question): boolean {
  const destination = ipOf(to, family);
  const [there] = trace(machine, {
    netns: netnsOf(from),
    protocol: protocol === 'TCP' ? 'tcp' : 'udp',
    destination,
    destinationPort: port,
  });
  if (there!.ending === 'dropped') {
    const { egress, ingress } = policyIntent(cluster, { source: ipOf(from, family), destination, protocol, port });
    const { because } = egress.allowed ? ingress : egress;
    assert.ok(there!.why.includes(because.slice(0, 127)), `${there!.why}, and not because of ${because}`);
    return false;
  }
  assert.equal(there!.ending, 'delivered', format(there!));
  for (const back of reply(there!)) assert.equal(back.ending, 'delivered', `${format(there!)}\n${format(back)}`);
  return true;
}
