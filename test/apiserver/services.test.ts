import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_CLUSTER } from '../../src/apiserver/cluster-config.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { type Body, service, startServer } from './harness.js';

const SVC = '/api/v1/namespaces/default/services';
const [V4, V6] = DEFAULT_CLUSTER.serviceCidrs as [Cidr, Cidr];

/** spec → families, policy, and which of the ranges each address lies in. */
const GIVEN: readonly (readonly [spec: object, families: string, policy: string, addresses: string])[] = [
  [{}, 'IPv4', 'SingleStack', 'v4'],
  [{ ipFamilyPolicy: 'PreferDualStack' }, 'IPv4 IPv6', 'PreferDualStack', 'v4 v6'],
  [{ ipFamilyPolicy: 'RequireDualStack' }, 'IPv4 IPv6', 'RequireDualStack', 'v4 v6'],
  [{ ipFamilies: ['IPv6'] }, 'IPv6', 'SingleStack', 'v6'],
  [{ ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }, 'IPv6 IPv4', 'PreferDualStack', 'v6 v4'],
  [{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] }, 'IPv6 IPv4', 'RequireDualStack', 'v6 v4'],
  [{ clusterIP: '10.96.7.7' }, 'IPv4', 'SingleStack', '10.96.7.7'],
  [{ clusterIP: 'fd00:10:96::77' }, 'IPv6', 'SingleStack', 'fd00:10:96::77'],
  [{ clusterIP: '10.96.7.7', ipFamilyPolicy: 'PreferDualStack' }, 'IPv4 IPv6', 'PreferDualStack', '10.96.7.7 v6'],
  [{ clusterIP: 'None' }, 'IPv4', 'SingleStack', 'None'],
  [{ clusterIP: 'None', selector: undefined }, 'IPv4 IPv6', 'RequireDualStack', 'None'],
  [{ type: 'ExternalName', externalName: 'example.com' }, '', '', ''],
];

for (const [spec, families, policy, addresses] of GIVEN) {
  test(`a Service with ${JSON.stringify(spec)} gets ${families || 'no address'}`, async t => {
    const { request } = startServer(t);
    const { status, body, text } = await request(`POST ${SVC}`, { body: service('web', spec) });
    assert.equal(status, 201, text);
    const { ipFamilies = [], ipFamilyPolicy = '', clusterIP, clusterIPs = [] } = body.spec;
    assert.equal(ipFamilies.join(' '), families);
    assert.equal(ipFamilyPolicy, policy);
    assert.equal(clusterIP ?? '', clusterIPs[0] ?? '');
    const where = (text: string) => {
      const ip = Ip.parse(text);
      return !ip || addresses.includes(text) ? text : V4.contains(ip) ? 'v4' : V6.contains(ip) ? 'v6' : text;
    };
    assert.equal(clusterIPs.map(where).join(' '), addresses);
  });
}

/** spec → the complaint. */
const REFUSED: readonly (readonly [spec: object, message: string])[] = [
  [
    { clusterIP: '10.96.0.1' },
    'spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
  ],
  [
    { clusterIP: '10.97.0.1' },
    'the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  ],
  [{ clusterIP: 'nonsense' }, 'spec.clusterIPs[0]: Invalid value: "nonsense"'],
  [
    { clusterIPs: ['10.96.7.7', 'fd00:10:96::7'], clusterIP: '10.96.7.7' },
    "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified",
  ],
  [
    { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'SingleStack' },
    "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
  ],
  [
    { ipFamilies: ['IPv4'], clusterIP: 'fd00:10:96::7' },
    'spec.clusterIPs[0]: Invalid value: "fd00:10:96::7": expected an IPv4 value',
  ],
  [
    { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  ],
  [
    { ports: [{ port: 80, nodePort: 30080 }] },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
];

for (const [spec, message] of REFUSED) {
  test(`a Service with ${JSON.stringify(spec)} is refused`, async t => {
    const { request } = startServer(t);
    const { body } = await request(`POST ${SVC}`, { body: service('web', spec) });
    assert.equal(body.code, 422, JSON.stringify(body));
    assert.ok(body.message.includes(message), body.message);
  });
}

test('an address is held by one Service at a time, and free again after it', async t => {
  const { request } = startServer(t);
  await request(`POST ${SVC}`, { body: service('a', { clusterIP: '10.96.9.9' }) });
  assert.equal((await request(`POST ${SVC}`, { body: service('b', { clusterIP: '10.96.9.9' }) })).status, 422);
  await request(`DELETE ${SVC}/a`);
  assert.equal((await request(`POST ${SVC}`, { body: service('b', { clusterIP: '10.96.9.9' }) })).status, 201);
});

test('what Services hold is known again after a restart', async t => {
  const first = startServer(t);
  await first.request(`POST ${SVC}`, {
    body: service('a', { clusterIP: '10.96.9.9', type: 'NodePort', ports: [{ port: 80, nodePort: 31000 }] }),
  });
  await first.server.close();
  const { request } = startServer(t, { stateDir: first.stateDir });
  assert.equal((await request(`POST ${SVC}`, { body: service('b', { clusterIP: '10.96.9.9' }) })).status, 422);
  const body = service('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 31000 }] });
  assert.match(
    (await request(`POST ${SVC}`, { body })).body.message,
    /nodePort: Invalid value: 31000: provided port is already allocated/,
  );
});

test('a full range is a clear refusal, and its last address is given out', async t => {
  const cluster = {
    ...DEFAULT_CLUSTER,
    serviceCidrs: [Cidr.of('10.96.0.0/28')],
    nodePorts: { first: 30000, last: 30001 },
  };
  const { request } = startServer(t, { cluster });
  const given = new Set<string>();
  for (;;) {
    const { status, body } = await request(`POST ${SVC}`, { body: service(`s${given.size}`) });
    if (status !== 201) {
      assert.equal(status, 422);
      assert.match(body.message, /failed to allocate a serviceIP: range is full/);
      break;
    }
    given.add(body.spec.clusterIP);
  }
  // .0 names the network, .15 is its broadcast address, .1 is kubernetes, .10 is kept for DNS.
  const expected = Array.from({ length: 16 }, (_, i) => i).filter(i => ![0, 1, 10, 15].includes(i));
  assert.deepEqual([...given].sort(), expected.map(i => `10.96.0.${i}`).sort());
  await request(`DELETE ${SVC}/s0`);
  const dns = await request(`POST ${SVC}`, { body: service('dns', { clusterIP: '10.96.0.10' }) });
  assert.equal(dns.status, 201, 'a reserved address is given to who asks for it');
  const ports = {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
      { name: 'c', port: 3 },
    ],
  };
  assert.match(
    (await request(`POST ${SVC}`, { body: service('np', ports) })).body.message,
    /failed to allocate a nodePort: range is full/,
  );
});

test('a Service changes its type and its families, and keeps what it was given', async t => {
  const { request } = startServer(t);
  const patch = async (spec: object): Promise<Body> => {
    const { body, status } = await request(`PATCH ${SVC}/web`, {
      body: { spec },
      type: 'application/merge-patch+json',
    });
    assert.equal(status, 200, JSON.stringify(body));
    return body.spec;
  };
  const first = (await request(`POST ${SVC}`, { body: service('web') })).body.spec;
  const dual = await patch({ ipFamilyPolicy: 'PreferDualStack' });
  assert.equal(dual.clusterIPs.length, 2);
  assert.equal(dual.clusterIPs[0], first.clusterIP);
  const single = await patch({ ipFamilyPolicy: 'SingleStack' });
  assert.deepEqual([single.clusterIPs, single.ipFamilies], [[first.clusterIP], ['IPv4']]);
  const nodePort = await patch({ type: 'NodePort' });
  assert.ok(nodePort.ports[0].nodePort >= 30000);
  // A client that sends the manifest again names neither address nor node port.
  const put = (await request(`PUT ${SVC}/web`, { body: service('web', { type: 'NodePort' }) })).body.spec;
  assert.deepEqual([put.clusterIP, put.ports[0].nodePort], [first.clusterIP, nodePort.ports[0].nodePort]);
  const plain = await patch({ type: 'ClusterIP' });
  assert.equal(plain.ports[0].nodePort, undefined);
  const external = await patch({ type: 'ExternalName', externalName: 'example.com' });
  assert.equal(external.clusterIP, undefined);
  const other = await request(`POST ${SVC}`, { body: service('other', { clusterIP: first.clusterIP }) });
  assert.equal(other.status, 201, 'the address was given back');
  const changed = await request(`PATCH ${SVC}/other`, {
    body: { spec: { clusterIP: '10.96.1.1', clusterIPs: ['10.96.1.1'] } },
    type: 'application/merge-patch+json',
  });
  assert.match(changed.body.message, /spec\.clusterIPs\[0\]: Invalid value: .*may not change once set/);
});
