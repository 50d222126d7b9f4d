/** The model under good and bad objects: what is indexed, who owns what, what is a problem, and that nothing throws. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildCluster, ClusterBuilder } from '../../src/model/builder.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { node, RANGES as options, service, slice } from '../plan/world.js';

describe('problems', () => {
  check('a node without pod CIDRs', [node(2, [])], ['PW-N311 Node n2']);
  check('a pod CIDR with host bits', [node(2, ['10.244.2.1/24'])], ['PW-N312 Node n2']);
  check(
    'overlapping pod CIDRs: the first by name keeps it',
    [node(3, ['10.244.2.0/25']), node(2)],
    ['PW-N313 Node n3'],
  );
  check('a ClusterIP outside the Service ranges', [service('web', ['10.97.0.1'])], ['PW-S401 Service default/web']);
  check('a ClusterIP that an older Service has', [aged('new', 2), aged('old', 1)], ['PW-S402 Service default/new']);
  for (const ip of [
    '127.0.0.1',
    '169.254.1.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    '::',
    'ff02::1',
  ]) {
    check(
      `an endpoint ${ip}`,
      [service('web', ['10.96.1.1']), slice('web-1', 'web', [ip])],
      ['PW-S403 EndpointSlice default/web-1'],
    );
  }
  check(
    'an endpoint in disguise',
    [service('web', ['10.96.1.1']), mapped('::ffff:127.0.0.1')],
    ['PW-S404 EndpointSlice default/web-1'],
  );
  check(
    'an endpoint that is no address',
    [service('web', ['10.96.1.1']), slice('web-1', 'web', ['10.244.1.010'])],
    ['PW-S404 EndpointSlice default/web-1'],
  );
  for (const ip of ['127.0.0.1', '::ffff:127.0.0.1', '169.254.1.1', '10.96.1.2', '10.244.1.5', 'here']) {
    check(`a LoadBalancer address ${ip}`, [balanced('web', ip)], ['PW-S405 Service default/web']);
  }
  for (const objects of [
    [node(2), balanced('web', '172.30.0.12')],
    [balanced('web', '172.30.0.12'), node(2)],
  ])
    check(`a LoadBalancer address of a node; first the ${objects[0]!.kind}`, objects, ['PW-S405 Service default/web']);
  check('an external IP that is not allowed', [external('web', ['192.0.2.1'])], ['PW-S406 Service default/web']);
  check('an external IP inside the Service ranges', [external('web', ['10.96.1.2'])], ['PW-S405 Service default/web']);
  check(
    'a node port that an older Service has',
    [nodePort('new', 2), nodePort('old', 1)],
    ['PW-S402 Service default/new'],
  );
  check(
    'one port of an address that an older Service has; addresses themselves may be shared',
    [
      external('new', ['192.0.2.200'], 2),
      external('old', ['192.0.2.200'], 1),
      external('other', ['192.0.2.200'], 3, 81),
    ],
    ['PW-S402 Service default/new'],
  );
  check(
    'a source range that cannot be read',
    [balanced('web', '192.0.2.1', { loadBalancerSourceRanges: ['192.0.2.0/33'] })],
    ['PW-S407 Service default/web'],
  );
  check(
    'good ones',
    [node(1), node(2), service('web', ['10.96.1.1', 'fd00:10:96::1']), slice('web-1', 'web', ['10.244.1.5'])],
    [],
  );
});

it('an address that a node gives up may be a Service’s, and is taken from it by a node that comes', () => {
  const builder = new ClusterBuilder(options);
  const served = () => builder.cluster.services.get('default/web')!.externals.map(({ ip }) => `${ip}`);
  for (const object of [balanced('web', 'fd00:172:30::12'), node(1)]) builder.apply({ type: 'upsert', object });
  assert.deepEqual(served(), ['fd00:172:30::12']);
  assert.deepEqual(builder.apply({ type: 'upsert', object: node(2) }), [
    { kind: 'Node', key: 'n2' },
    { kind: 'Service', key: 'default/web' },
  ]);
  assert.deepEqual(served(), []);
  assert.equal(builder.apply({ type: 'delete', object: node(2) }).length, 2);
  assert.deepEqual(served(), ['fd00:172:30::12']);
});

describe('a Service of every field', () => {
  const object = service('web', ['10.96.1.1', 'fd00:10:96::1'], {
    type: 'LoadBalancer',
    ports: [
      { name: 'http', port: 80, nodePort: 30080 },
      { name: 'dns', protocol: 'UDP', port: 53 },
    ],
    externalIPs: ['192.0.2.200'],
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Local',
    sessionAffinity: 'ClientIP',
    loadBalancerSourceRanges: ['198.51.100.7/24 '],
    healthCheckNodePort: 32000,
  });
  const ingress = [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }, { hostname: 'lb.example' }];
  const cluster = buildCluster([{ ...object, status: { loadBalancer: { ingress } } }], options);
  const entry = cluster.services.get('default/web')!;

  it('is reached by node ports, LoadBalancer addresses and external IPs', () => {
    assert.deepEqual(
      entry.externals.map(({ via, ip, number, port }) => `${via} ${ip ?? '*'}:${number} → ${port.name}`),
      [
        'NodePort *:30080 → http',
        'LoadBalancer 192.0.2.1:80 → http',
        'LoadBalancer 192.0.2.1:53 → dns',
        'ExternalIP 192.0.2.200:80 → http',
        'ExternalIP 192.0.2.200:53 → dns',
      ],
    );
  });

  it('has its policies', () => {
    const { internalTrafficPolicy, externalTrafficPolicy, affinitySeconds, sourceRanges, healthCheckNodePort } = entry;
    assert.deepEqual(
      [internalTrafficPolicy, externalTrafficPolicy, affinitySeconds, sourceRanges?.join(), healthCheckNodePort],
      ['Local', 'Local', 10_800, '198.51.100.0/24', 32_000],
    );
  });

  it('has no problem', () => assert.deepEqual(cluster.problems(), []));
});

describe('the builder', () => {
  it('keeps slices that came before their Service', () => {
    const cluster = buildCluster([slice('web-1', 'web', ['10.244.1.5']), service('web', ['10.96.1.1'])], options);
    assert.equal(cluster.services.get('default/web')!.slices.length, 1);
  });

  it('moves a slice that changes its Service', () => {
    const builder = new ClusterBuilder(options);
    for (const name of ['a', 'b'])
      builder.apply({ type: 'upsert', object: service(name, [name === 'a' ? '10.96.1.1' : '10.96.1.2']) });
    builder.apply({ type: 'upsert', object: slice('s', 'a', ['10.244.1.5']) });
    const change = builder.apply({ type: 'upsert', object: slice('s', 'b', ['10.244.1.5']) });
    assert.deepEqual(change.map(({ key }) => key).sort(), ['default/a', 'default/b']);
    assert.deepEqual(
      [...builder.cluster.services.values()].map(({ slices }) => slices.length),
      [0, 1],
    );
  });

  it('replaces the entry that changed and no other', () => {
    const builder = new ClusterBuilder(options);
    for (const name of ['a', 'b'])
      builder.apply({ type: 'upsert', object: service(name, [name === 'a' ? '10.96.1.1' : '10.96.1.2']) });
    const before = new Map(builder.cluster.services);
    const change = builder.apply({ type: 'upsert', object: slice('s', 'a', ['10.244.1.5']) });
    assert.deepEqual(change, [{ kind: 'Service', key: 'default/a' }]);
    assert.notEqual(builder.cluster.services.get('default/a'), before.get('default/a'));
    assert.equal(builder.cluster.services.get('default/b'), before.get('default/b'));
  });

  it('gives an address that is free again to the Service that waited for it', () => {
    const builder = new ClusterBuilder(options);
    for (const object of [aged('old', 1), aged('new', 2)]) builder.apply({ type: 'upsert', object });
    assert.equal(builder.cluster.serviceByClusterIP('10.96.1.1')!.name, 'old');
    const change = builder.apply({ type: 'delete', object: aged('old', 1) });
    assert.deepEqual(change.map(({ key }) => key).sort(), ['default/new', 'default/old']);
    assert.equal(builder.cluster.serviceByClusterIP('10.96.1.1')!.name, 'new');
    assert.deepEqual(builder.cluster.problems(), []);
  });

  it('finds a Pod by address until it has finished', () => {
    const builder = new ClusterBuilder(options);
    builder.apply({ type: 'upsert', object: pod('Running') });
    assert.equal(builder.cluster.podsByIp.get('10.244.1.5')!.key, 'default/web-0');
    builder.apply({ type: 'upsert', object: pod('Succeeded') });
    assert.equal(builder.cluster.podsByIp.get('10.244.1.5'), undefined);
  });

  it('takes anything for an object', () => {
    const kind = fc.constantFrom('Node', 'Pod', 'Service', 'EndpointSlice', 'Namespace', 'Other');
    const metadata = fc.oneof(
      fc.record({ name: fc.string(), namespace: fc.string(), labels: fc.anything() }),
      fc.anything(),
    );
    const rest = {
      spec: fc.anything(),
      status: fc.anything(),
      endpoints: fc.anything(),
      ports: fc.anything(),
      addressType: fc.constantFrom('IPv4', 'IPv6', 'FQDN'),
    };
    const object = fc.record({ kind, metadata, ...rest }) as unknown as fc.Arbitrary<KubeObject>;
    const events = fc.array(fc.record({ type: fc.constantFrom('upsert', 'delete'), object }));
    fc.assert(
      fc.property(events, events => {
        const builder = new ClusterBuilder(options);
        for (const event of events) builder.apply(event);
        builder.cluster.problems();
      }),
    );
  });
});

function check(name: string, objects: readonly KubeObject[], expected: readonly string[]): void {
  it(name, () => {
    for (const order of [objects, [...objects].reverse()]) {
      const problems = buildCluster(order, options).problems();
      assert.deepEqual(
        problems.map(({ code, object }) => `${code} ${object}`),
        expected,
      );
      for (const { message, advice } of problems) assert.doesNotMatch(message + advice, /[{}]/);
    }
  });
}

/** A LoadBalancer Service with that address in its status. */
function balanced(name: string, ip: string, spec: Record<string, unknown> = {}): KubeObject {
  const object = service(name, ['10.96.1.1'], { type: 'LoadBalancer', ...spec });
  return { ...object, status: { loadBalancer: { ingress: [{ ip }] } } };
}

function external(name: string, externalIPs: readonly string[], day = 1, port = 80): KubeObject {
  return dated(service(name, [`10.96.1.${day}`], { externalIPs, ports: [{ port }] }), day);
}

function nodePort(name: string, day: number): KubeObject {
  const ports = [{ port: 80, nodePort: 30080 }];
  return dated(service(name, [`10.96.1.${day}`], { type: 'NodePort', ports }), day);
}

function aged(name: string, day: number): KubeObject {
  return dated(service(name, ['10.96.1.1']), day);
}

function dated(object: KubeObject, day: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, creationTimestamp: `2026-01-0${day}T00:00:00Z` } };
}

function mapped(ip: string): KubeObject {
  return { ...slice('web-1', 'web', [ip]), addressType: 'IPv6' };
}

function pod(phase: string): KubeObject {
  const status = { phase, podIPs: [{ ip: '10.244.1.5' }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'default', uid: 'u' },
    spec: {},
    status,
  };
}
