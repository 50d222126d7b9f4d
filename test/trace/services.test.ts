/** The Services suite by the tracer: what the planned kernel state does to packets is what the API promises, and replies come back. */

import { describe } from 'node:test';
import { Cidr } from '../../src/net/cidr.js';
import { type Machine, trace } from '../../src/trace/trace.js';
import { fixedAddresses as addresses, nodeAddress } from '../suites/services/fixed.js';
import { netnsOf, plannedMachine } from '../suites/services/planned.js';
import { type Backend, servicesSuite } from '../suites/services/suite.js';
import { outcomeOf } from '../suites/services/traced.js';

/** LoadBalancer addresses are at n1, as far as the gateway knows. */
const underlay = ([4, 6] as const).map(
  family =>
    ({
      kind: 'route',
      destination: Cidr.of(family === 4 ? '192.0.2.0/24' : '2001:db8:1::/64'),
      table: 254,
      type: 'unicast',
      nexthops: [{ via: nodeAddress('n1', family) }],
      protocol: 4,
    }) as const,
);

for (const options of [{}, { profile: 'bridge', overlay: 'vxlan' }] as const) {
  describe(`planned ${Object.values(options).join(', ') || 'as it comes'}`, () =>
    servicesSuite('trace', backend(options)));
}

function backend(options: Parameters<typeof plannedMachine>[1]): Backend {
  let machine: Machine;
  return {
    addresses,
    apply(objects) {
      machine = plannedMachine(objects, { ...options, underlay });
    },
    ask({ from, to, port, protocol }) {
      const traces = trace(machine, {
        netns: netnsOf(from),
        protocol: protocol === 'TCP' ? 'tcp' : 'udp',
        destination: to,
        destinationPort: port,
      });
      return outcomeOf(traces, addresses.place(from, to.family), addresses);
    },
  };
}
