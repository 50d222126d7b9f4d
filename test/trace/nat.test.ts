/** NAT and what remembers it: rules are asked once, the answer finds its way back by conntrack. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NftRule, NftSet, Statement, Value } from '../../src/kernel/nft-objects.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';
import { reply, type Trace, trace } from '../../src/trace/trace.js';
import { address, base, CLIENT, link, packet, route, rule, SERVER, tiny } from './tiny.js';

/** An address that the router translates. */
const FRONT = '10.0.9.9';
const at = (ip: string, port?: number) => ({ ip: Ip.of(ip), ...(port !== undefined && { port }) });
const dnat = (ip: string, port?: number): Statement => ({ nat: 'dnat', family: 'ip', to: at(ip, port) });
const snat = (ip: string): Statement => ({ nat: 'snat', family: 'ip', to: at(ip) });

const before = (...rules: readonly NftRule[]) => base('d', 'prerouting', -100, rules);
const after = (...rules: readonly NftRule[]) => base('s', 'postrouting', 100, rules);

describe('NAT', () => {
  const rows: readonly (readonly [says: string, router: readonly KernelObject[], seen: string])[] = [
    [
      'DNAT keeps the source',
      [before(rule(dnat(SERVER, 8080)))],
      `${CLIENT} asks ${SERVER}:8080, answered by ${FRONT}:80`,
    ],
    [
      'DNAT keeps the port when none is said',
      [before(rule(dnat(SERVER)))],
      `${CLIENT} asks ${SERVER}:80, answered by ${FRONT}:80`,
    ],
    [
      'the first rule decides',
      [before(rule(dnat(SERVER, 1)), rule(dnat(SERVER, 2)))],
      `${CLIENT} asks ${SERVER}:1, answered by ${FRONT}:80`,
    ],
    [
      'SNAT beside DNAT',
      [before(rule(dnat(SERVER))), after(rule(snat('10.0.2.1')))],
      `10.0.2.1 asks ${SERVER}:80, answered by ${FRONT}:80`,
    ],
    [
      'masquerade: the address of the link',
      [before(rule(dnat(SERVER))), after(rule({ masquerade: true }))],
      `10.0.2.1 asks ${SERVER}:80, answered by ${FRONT}:80`,
    ],
    [
      'masquerade: the one of the server’s network',
      [address('right', '10.7.7.7/24'), before(rule(dnat(SERVER))), after(rule({ masquerade: true }))],
      `10.0.2.1 asks ${SERVER}:80, answered by ${FRONT}:80`,
    ],
    [
      'NAT of the other family is passed over',
      [before(rule({ nat: 'dnat', family: 'ip6', to: at('fd00:2::2') }), rule(dnat(SERVER)))],
      `${CLIENT} asks ${SERVER}:80, answered by ${FRONT}:80`,
    ],
    // Both stand at NF_IP_PRI_NAT_SRC, and the one before the other.
    [
      'of two chains the earlier decides',
      [
        before(rule(dnat(SERVER))),
        base('late', 'postrouting', 101, [rule({ masquerade: true })], { type: 'nat' }),
        base('early', 'postrouting', 99, [rule(snat('10.0.2.77'))], { type: 'nat' }),
      ],
      '10.0.2.77 asks 10.0.2.2:80, neighbour unreachable',
    ],
    [
      'ct status knows',
      [
        before(rule(dnat(SERVER))),
        base('f', 'forward', 0, [rule({ match: [{ field: 'ct status' }], op: '==', to: 'dnat' }, { verdict: 'drop' })]),
      ],
      'dropped',
    ],
    [
      'ct original knows',
      [
        before(rule(dnat(SERVER))),
        base('f', 'forward', 0, [
          rule({ match: [{ field: 'ct original ip daddr' }], op: '==', to: Ip.of(FRONT) }, { verdict: 'drop' }),
        ]),
      ],
      'dropped',
    ],
  ];
  for (const [says, router, seen] of rows)
    it(says, () => assert.deepEqual(trace(tiny({ router }), packet(FRONT)).map(summary), [seen]));
});

describe('NAT by a map', () => {
  const targets: NftSet = {
    kind: 'set',
    family: 'inet',
    table: 't',
    name: 'm',
    key: ['ipv4_addr', 'inet_service', 'mark'],
    data: ['ipv4_addr', 'inet_service'],
  };
  const slots = (...data: readonly (readonly Value[])[]): KernelObject => ({
    kind: 'slots',
    family: 'inet',
    table: 't',
    set: 'm',
    key: [Ip.of(FRONT), 80],
    data,
    cause: 'Service default/web',
  });
  const choose = (mod: number) =>
    rule({
      nat: 'dnat',
      family: 'ip',
      to: {
        key: [{ field: 'ip daddr' }, { field: 'th dport' }, { numgen: 'random', mod }],
        map: { set: 'm' },
        port: true,
      },
    });
  const server = Ip.of(SERVER);

  it('each slot is an outcome, with its share and its cause', () => {
    const traces = trace(
      tiny({ router: [targets, slots([server, 1], [server, 2], [server, 3]), before(choose(3))] }),
      packet(FRONT),
    );
    assert.deepEqual(
      traces.map(summary),
      [1, 2, 3].map(port => `${CLIENT} asks ${SERVER}:${port}, answered by ${FRONT}:80`),
    );
    assert.deepEqual(
      traces.map(({ probability }) => probability),
      [1 / 3, 1 / 3, 1 / 3],
    );
    const step = traces[1]!.hops[1]!.steps.find(({ stage }) => stage === 'nat')!;
    assert.deepEqual([step.outcome, step.cause], ['DNAT to 10.0.2.2:2, 2 of 3', 'Service default/web']);
  });

  it('a key that is not there leaves the rule to the next one', () => {
    const router = [targets, slots([server, 1]), before(choose(2), rule(dnat(SERVER, 9)))];
    assert.deepEqual(
      trace(tiny({ router }), packet(FRONT)).map(one => one.arrived!.destinationPort),
      [1, 9],
    );
  });
});

describe('an answer', () => {
  it('is established for the rules on its way, and asks none for NAT', () => {
    const onlyAnswers = base(
      'f',
      'forward',
      0,
      [
        rule(
          { match: [{ field: 'meta iifname' }, { field: 'th sport' }], op: '!=', to: ['right', 80] },
          { verdict: 'accept' },
        ),
        rule({ match: [{ field: 'ct state' }], op: '==', to: 'established' }, { verdict: 'accept' }),
      ],
      { policy: 'drop' },
    );
    const everything = after(rule(snat('10.0.1.99')));
    const [one] = trace(tiny({ router: [onlyAnswers] }), packet(SERVER));
    assert.equal(summary(one!), `${CLIENT} asks ${SERVER}:80, answered by ${SERVER}:80`);
    const [other] = trace(tiny({ router: [everything] }), packet(SERVER, { source: Ip.of('10.0.1.2') }));
    assert.equal(summary(other!), `10.0.1.99 asks ${SERVER}:80, answered by ${SERVER}:80`);
  });

  it('to nothing that passed here is invalid', () => {
    const noInvalid = base('f', 'forward', 0, [
      rule({ match: [{ field: 'ct state' }], op: '==', to: 'invalid' }, { verdict: 'drop' }),
    ]);
    // There by the second wire, back by the router, which did not see it begin.
    const machine = tiny({
      client: [
        link('eth1'),
        address('eth1', '10.0.3.2/24'),
        route(`${SERVER}/32`, '10.0.3.1', { source: Ip.of(CLIENT) }),
      ],
      server: [link('eth1', ['eth1', 'client']), address('eth1', '10.0.3.1/24')],
      router: [noInvalid],
    });
    assert.equal(summary(trace(machine, packet(SERVER))[0]!), `${CLIENT} asks ${SERVER}:80, dropped`);
    assert.equal(
      summary(trace(machine, packet(SERVER, { protocol: 'udp' }))[0]!),
      `${CLIENT} asks ${SERVER}:80, answered by ${SERVER}:80`,
    );
  });

  it('is none to a packet that nobody got', () => {
    assert.deepEqual(reply(trace(tiny(), packet('10.0.3.3'))[0]!), []);
  });
});

/** What the server sees, and from where the client gets the answer. */
function summary(one: Trace): string {
  if (!one.arrived) return one.ending;
  const { source, destination, destinationPort } = one.arrived;
  const answers = reply(one).map(({ ending, arrived }) =>
    ending === 'delivered' ? `answered by ${arrived!.source}:${arrived!.sourcePort}` : ending,
  );
  return `${source} asks ${destination}:${destinationPort}, ${answers.join(', ')}`;
}
