/** What traces say of a question of the Services suite. Knows the tracer's words; refuses to know where the state is from. */

import assert from 'node:assert/strict';
import type { Ip } from '../../../src/net/ip.js';
import { format } from '../../../src/trace/format.js';
import { reply, type Trace } from '../../../src/trace/trace.js';
import { type Addresses, PLACES, type PlaceName, SERVER_PORT } from './places.js';
import type { Outcome } from './suite.js';

/** Also follows each reply, which must come back to the client. */
export function outcomeOf(traces: readonly Trace[], client: Ip, addresses: Addresses): Outcome {
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
    endpoints: new Set(traces.map(({ arrived }) => placeAt(arrived!.destination, addresses))),
    kept: traces.every(({ arrived }) => arrived!.source.equals(client)),
  };
}

/** `host` shares its address with n2, and is the one of them that may be an endpoint. */
function placeAt(ip: Ip, addresses: Addresses): PlaceName {
  return (Object.keys(PLACES) as PlaceName[]).find(name => addresses.place(name, ip.family).equals(ip))!;
}
