/** Every ending of the closed list, each reached by one packet through states of a few objects. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ip } from '../../src/net/ip.js';
import { ENDINGS, type Ending, type Machine, type Packet, reply, trace } from '../../src/trace/trace.js';
import {
  address,
  base,
  CLIENT,
  FORWARDING,
  link,
  machine,
  packet,
  route,
  rule,
  SERVER,
  SERVER6,
  sysctl,
  tiny,
} from './tiny.js';

type Row = readonly [says: string, of: Machine, packet: Packet, ending: Ending, why: RegExp];

const ROWS: readonly Row[] = [
  ['to a server behind a router', tiny(), packet(SERVER), 'delivered', /to 10\.0\.2\.2:80/],
  ['the same in IPv6', tiny(), packet(SERVER6), 'delivered', /to \[fd00:2::2\]:80/],
  ['to itself', tiny(), packet(CLIENT), 'delivered', /10\.0\.1\.2:80/],
  ['to its loopback', tiny(), packet('127.0.0.1'), 'delivered', /127\.0\.0\.1:80/],
  [
    'out of a link whose other end nobody knows',
    machine({ client: [link('eth0'), address('eth0', '10.0.1.2/24')] }),
    packet('10.0.1.9'),
    'sent',
    /out of eth0 of client/,
  ],
  [
    'a rule that rejects',
    tiny({ router: [base('f', 'forward', 0, [rule({ reject: 'port-unreachable' })])] }),
    packet(SERVER),
    'refused',
    /port-unreachable by f rule 1/,
  ],
  [
    'a rule that drops',
    tiny({ router: [base('f', 'forward', 0, [rule({ verdict: 'drop' })])] }),
    packet(SERVER),
    'dropped',
    /by f rule 1/,
  ],
  [
    'a policy that drops',
    tiny({ server: [base('i', 'input', 0, [], { policy: 'drop' })] }),
    packet(SERVER),
    'dropped',
    /policy of chain i/,
  ],
  ['a router without a route', tiny(), packet('10.0.3.3'), 'no route', /no route to 10\.0\.3\.3/],
  [
    'a link that is down takes its routes with it',
    tiny({ router: [link('right', ['eth0', 'server'], { up: false })] }),
    packet(SERVER),
    'no route',
    /10\.0\.2\.2/,
  ],
  [
    'no address of the family',
    machine({ client: [link('eth0'), route('0.0.0.0/0', 'eth0')] }),
    packet(SERVER),
    'no source',
    /no IPv4 address/,
  ],
  [
    'a blackhole',
    tiny({ router: [route('10.0.2.2/32', [], { type: 'blackhole' })] }),
    packet(SERVER),
    'blackhole',
    /blackhole 10\.0\.2\.2/,
  ],
  [
    'a route that says unreachable',
    tiny({ client: [route('10.0.2.0/24', [], { type: 'unreachable' })] }),
    packet(SERVER),
    'unreachable',
    /unreachable 10\.0\.2\.0\/24/,
  ],
  [
    'a route that says prohibit',
    tiny({ router: [route('10.0.2.2/32', [], { type: 'prohibit' })] }),
    packet(SERVER),
    'prohibited',
    /prohibit/,
  ],
  [
    'nobody there has the address',
    tiny(),
    packet('10.0.2.9'),
    'neighbour unreachable',
    /nobody on right has 10\.0\.2\.9/,
  ],
  [
    'a neighbour entry that is wrong',
    tiny({
      router: [{ kind: 'neighbour', link: 'right', ip: Ip.of(SERVER), mac: '02:00:00:00:00:99', permanent: true }],
    }),
    packet(SERVER),
    'other host',
    /02:00:00:00:00:99/,
  ],
  [
    'a host that is no router',
    tiny({ router: [sysctl('net/ipv4/ip_forward', '0')] }),
    packet(SERVER),
    'not forwarded',
    /IPv4 is off/,
  ],
  [
    '… or not for that link',
    tiny({ router: [sysctl('net/ipv4/conf/left/forwarding', '0')] }),
    packet(SERVER),
    'not forwarded',
    /IPv4 is off/,
  ],
  [
    'under an address of the router',
    tiny(),
    packet(SERVER, { source: Ip.of('10.0.2.1') }),
    'martian',
    /this namespace's own/,
  ],
  ['under a loopback address', tiny(), packet(SERVER, { source: Ip.of('127.0.0.9') }), 'martian', /loopback/],
  [
    'a strict way back',
    tiny({ router: [sysctl('net/ipv4/conf/all/rp_filter', '1')] }),
    packet(SERVER, { source: Ip.of('10.0.2.7') }),
    'martian',
    /10\.0\.2\.7 is not by left/,
  ],
  [
    'a loose one takes it',
    tiny({ router: [sysctl('net/ipv4/conf/all/rp_filter', '2')] }),
    packet(SERVER, { source: Ip.of('10.0.2.7') }),
    'delivered',
    /10\.0\.2\.2/,
  ],
  [
    'the far end is down',
    tiny({
      server: [link('eth0', undefined, { up: false })],
      router: [{ kind: 'neighbour', link: 'right', ip: Ip.of(SERVER), mac: '02:00:00:00:00:99', permanent: true }],
    }),
    packet(SERVER),
    'link down',
    /eth0 of server/,
  ],
  ['two routers that send it to one another', ring(), packet('fd00:9::9', { netns: 'r1' }), 'loop', /time to live/],
  ['a namespace without a state', tiny(), packet(SERVER, { netns: 'nowhere' }), 'cannot tell', /no state of nowhere/],
  [
    'a rule that nobody understands',
    tiny({ router: [base('f', 'forward', 0, [rule({ counter: true }), rule({ unknown: 'socket' })])] }),
    packet(SERVER),
    'cannot tell',
    /f rule 2: .*'socket'.*router/,
  ],
];

describe('how a packet ends', () => {
  for (const [says, of, packet, ending, why] of ROWS)
    it(`${says}: ${ending}`, () => {
      const [one, ...others] = trace(of, packet);
      assert.deepEqual([one?.ending, others.length], [ending, 0], one?.why);
      assert.match(one!.why, why);
      assert.equal(one!.arrived !== undefined, ENDINGS[ending].good);
    });

  it('an answer that does not come from where it was asked: unasked', () => {
    // The router translates what comes in, and forgets it: as two routers would that share the work.
    const to = { ip: Ip.of(SERVER) };
    const there = tiny({ router: [base('d', 'prerouting', -100, [rule({ nat: 'dnat', family: 'ip', to })])] });
    const [one] = trace(there, packet('10.0.9.9'));
    assert.equal(reply(one!)[0]!.ending, 'delivered');
    const [lost] = trace(around(), packet('10.0.9.9'));
    assert.equal(lost!.ending, 'delivered', lost!.why);
    assert.deepEqual(
      reply(lost!).map(({ ending }) => ending),
      ['unasked'],
    );
  });

  it('has a row for each', () => {
    const shown = new Set<string>([...ROWS.map(row => row[3]), 'unasked']);
    assert.deepEqual(
      Object.keys(ENDINGS).filter(ending => !shown.has(ending)),
      [],
    );
  });
});

/** r1 and r2, each the other's way to everywhere; in IPv4 each would know its own address when it came back. */
function ring(): Machine {
  const half = (own: string, other: string, peer?: readonly [string, string]) => [
    link('eth0', peer),
    address('eth0', `${own}/64`),
    route('::/0', other),
    ...FORWARDING,
  ];
  return machine({ r1: half('fd00::1', 'fd00::2', ['eth0', 'r2']), r2: half('fd00::2', 'fd00::1') });
}

/** The server has a second wire to the client, and answers by it, past the router that translated the question. */
function around(): Machine {
  const to = { ip: Ip.of(SERVER) };
  return tiny({
    client: [link('eth1'), address('eth1', '10.0.3.2/24')],
    router: [base('d', 'prerouting', -100, [rule({ nat: 'dnat', family: 'ip', to })])],
    server: [link('eth1', ['eth1', 'client']), address('eth1', '10.0.3.1/24'), route(`${CLIENT}/32`, '10.0.3.2')],
  });
}
