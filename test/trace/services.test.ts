/** The Services suite by the tracer: what the planned kernel state does to packets is what the API promises, and replies come back. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Cidr } from '../../src/net/cidr.js';
import type { Ip } from '../../src/net/ip.js';
import { format } from '../../src/trace/format.js';
import { type Machine, reply, type Trace, trace } from '../../src/trace/trace.js';
import { fixedAddresses as addresses, nodeAddress } from '../suites/services/fixed.js';
import { PLACES, type PlaceName, SERVER_PORT } from '../suites/services/places.js';
import { netnsOf, plannedMachine } from '../suites/services/planned.js';
import { type Backend, type Outcome, servicesSuite } from '../suites/services/suite.js';

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
      return outcomeOf(traces, addresses.place(from, to.family));
    },
  };
}

function outcomeOf(traces: readonly Trace[], client: Ip): Outcome {
  const total = traces.reduce((sum, { probability }) => sum + probability, 0);
  assert.ok(Math.abs(total - 1) < 1e-9, 'the ways add up to 1');
  const [first] = traces;
  const isServed = ({ ending, arrived }: Trace) => ending === 'delivered' && arrived?.destinationPort === SERVER_PORT;
  if (!traces.every(isServed)) {
    assert.equal(traces.length, 1, traces.map(one => format(one)).join('\n'));
    const { ending } = first!;
    assert.notEqual(ending, 'cannot tell', format(first!));
    return ending === 'refused' || ending === 'dropped' ? ending : 'elsewhere';
  }
  for (const one of traces)
    for (const back of reply(one)) assert.equal(back.ending, 'delivered', `${format(one)}\n${format(back)}`);
  return {
    endpoints: new Set(traces.map(({ arrived }) => placeAt(arrived!.destination))),
    kept: traces.every(({ arrived }) => arrived!.source.equals(client)),
  };
}

/** `host` shares its address with n2, and is the one of them that may be an endpoint. */
function placeAt(ip: Ip): PlaceName {
  return (Object.keys(PLACES) as PlaceName[]).find(name => addresses.place(name, ip.family).equals(ip))!;
}
