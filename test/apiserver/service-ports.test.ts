/** Node ports over the API: who gets which, who is refused, and when a port is free again; and what comes back exactly as it was sent. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_CLUSTER } from '../../src/apiserver/cluster-config.js';
import { Cidr } from '../../src/net/cidr.js';
import { type Body, type Harness, service, startServer } from './harness.js';

const SVC = '/api/v1/namespaces/default/services';
const MERGE = 'application/merge-patch+json';

/** Sends it and returns its spec, or the complaint. */
async function make({ request }: Harness, name: string, spec: object): Promise<Body> {
  const { status, body } = await request(`POST ${SVC}`, { body: service(name, spec) });
  return status === 201 ? body.spec : body.message;
}
async function patch({ request }: Harness, name: string, spec: object): Promise<Body> {
  const { status, body } = await request(`PATCH ${SVC}/${name}`, { body: { spec }, type: MERGE });
  return status === 200 ? body.spec : body.message;
}
const nodePort = (port: number, more: object = {}) => ({
  type: 'NodePort',
  ports: [{ port: 80, nodePort: port, ...more }],
});
const local = (more: object = {}) => ({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', ...more });
const TAKEN = /provided port is already allocated/;

test('a port is one Service’s, whatever the protocol', async t => {
  const at = startServer(t);
  await make(at, 'a', nodePort(31000));
  assert.match(await make(at, 'b', nodePort(31000)), TAKEN);
  assert.match(await make(at, 'b', nodePort(31000, { protocol: 'UDP' })), TAKEN);
  assert.match(await make(at, 'b', local({ healthCheckNodePort: 31000 })), TAKEN);
  assert.match(
    await make(at, 'b', local({ healthCheckNodePort: 31001, ports: [{ port: 80, nodePort: 31001 }] })),
    TAKEN,
    'not twice within one Service either',
  );
  assert.match(
    await make(at, 'b', local({ healthCheckNodePort: 80 })),
    /healthCheckNodePort: Invalid value: 80: provided port is not in the valid range/,
  );
});

test('two protocols of one port share a node port, chosen or given', async t => {
  const at = startServer(t);
  const both = (given?: number) => [
    { name: 'udp', port: 53, protocol: 'UDP', ...(given && { nodePort: given }) },
    { name: 'tcp', port: 53, protocol: 'TCP' },
    { name: 'other', port: 54 },
  ];
  const ports = async (name: string, given?: number) =>
    (await make(at, name, { type: 'NodePort', ports: both(given) })).ports.map((port: Body) => port.nodePort);
  const [udp, tcp, other] = await ports('chosen');
  assert.equal(udp, tcp);
  assert.notEqual(udp, other);
  assert.deepEqual((await ports('given', 31053)).slice(0, 2), [31053, 31053]);
});

/** A change of a LoadBalancer with node port 31000 and health check port 31001, and which of them another may have then. */
const CHANGES: readonly (readonly [title: string, change: object, free: readonly number[]])[] = [
  ['to ClusterIP', { type: 'ClusterIP' }, [31000, 31001]],
  ['to NodePort', { type: 'NodePort' }, [31001]],
  ['to externalTrafficPolicy Cluster', { externalTrafficPolicy: 'Cluster' }, [31001]],
  ['to ExternalName', { type: 'ExternalName', externalName: 'a.example' }, [31000, 31001]],
  [
    'to a balancer without node ports, naming none',
    { allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
    [31000],
  ],
  ['to a balancer without node ports, naming them', { allocateLoadBalancerNodePorts: false }, []],
  ['of its label', {}, []],
];
for (const [title, change, free] of CHANGES) {
  test(`a change ${title} frees ${free.join(' and ') || 'nothing'}`, async t => {
    const at = startServer(t);
    await make(at, 'web', local({ healthCheckNodePort: 31001, ports: [{ port: 80, nodePort: 31000 }] }));
    assert.equal(typeof (await patch(at, 'web', change)), 'object');
    for (const port of [31000, 31001]) {
      const got = await make(at, `other-${port}`, nodePort(port));
      if (free.includes(port)) assert.equal(got.ports?.[0].nodePort, port);
      else assert.match(got, TAKEN);
    }
  });
}

test('a balancer without node ports gets none, and may have some later', async t => {
  const at = startServer(t);
  const spec = await make(at, 'web', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false });
  assert.equal(spec.ports[0].nodePort, undefined);
  assert.ok((await patch(at, 'web', { allocateLoadBalancerNodePorts: true })).ports[0].nodePort >= 30000);
});

test('nobody is given by chance what people choose: the lower end of a range, as long as there is another', async t => {
  const at = startServer(t);
  for (let i = 0; i < 40; i++) {
    const { ports, clusterIPs } = await make(at, `s${i}`, { type: 'NodePort', ipFamilyPolicy: 'RequireDualStack' });
    assert.ok(ports[0].nodePort >= 30086, `min(max(16, 2768/32), 128) = 86 ports: ${ports[0].nodePort}`);
    assert.ok(!Cidr.of('10.96.0.0/24').contains(Cidr.of(`${clusterIPs[0]}/32`).ip), clusterIPs[0]);
    assert.ok(!Cidr.of('fd00:10:96::/120').contains(Cidr.of(`${clusterIPs[1]}/128`).ip), clusterIPs[1]);
  }
});

test('a headless Service without selector has both families also where the cluster has one', async t => {
  const cluster = { ...DEFAULT_CLUSTER, serviceCidrs: [Cidr.of('10.96.0.0/16')] };
  const at = startServer(t, { cluster });
  const spec = await make(at, 'db', { clusterIP: 'None', selector: undefined });
  assert.deepEqual([spec.ipFamilies, spec.ipFamilyPolicy], [['IPv4', 'IPv6'], 'RequireDualStack']);
  assert.match(
    await make(at, 'web', { ipFamilyPolicy: 'RequireDualStack' }),
    /ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services/,
  );
  assert.match(
    await make(at, 'web', { clusterIP: 'fd00:10:96::7' }),
    /clusterIPs\[0\]: Invalid value: \["fd00:10:96::7"\]: IPv6 is not configured on this cluster/,
  );
  assert.match(
    await make(at, 'web', { ipFamilies: ['IPv6'] }),
    /ipFamilies\[0\]: Invalid value: "IPv6": not configured on this cluster/,
  );
  const prefers = await make(at, 'web', { ipFamilyPolicy: 'PreferDualStack' });
  assert.deepEqual([prefers.ipFamilies, prefers.clusterIPs.length], [['IPv4'], 1]);
});

test('a cluster that becomes dual-stack leaves Services that prefer it as they are, until their owner asks', async t => {
  const cluster = { ...DEFAULT_CLUSTER, serviceCidrs: [Cidr.of('10.96.0.0/16')] };
  const single = startServer(t, { cluster });
  const before = await make(single, 'web', { ipFamilyPolicy: 'PreferDualStack' });
  await single.server.close();
  const dual = startServer(t, { stateDir: single.stateDir });
  const touched = await patch(dual, 'web', { selector: { app: 'other' } });
  assert.deepEqual(touched.clusterIPs, before.clusterIPs);
  const upgraded = await patch(dual, 'web', { ipFamilyPolicy: 'RequireDualStack' });
  assert.deepEqual([upgraded.ipFamilies, upgraded.clusterIPs[0]], [['IPv4', 'IPv6'], before.clusterIPs[0]]);
  await patch(dual, 'web', { ipFamilyPolicy: 'SingleStack' });
  assert.equal((await make(dual, 'other', { clusterIP: upgraded.clusterIPs[1] })).clusterIP, upgraded.clusterIPs[1]);
});

test('the status of a balancer is written through /status alone, and goes with the type', async t => {
  const at = startServer(t);
  await make(at, 'web', { type: 'LoadBalancer' });
  const status = async (ingress: readonly object[]) =>
    at.request(`PATCH ${SVC}/web/status`, { body: { status: { loadBalancer: { ingress } } }, type: MERGE });
  const set = await status([{ ip: '192.0.2.7' }]);
  assert.deepEqual(set.body.status.loadBalancer.ingress, [{ ip: '192.0.2.7', ipMode: 'VIP' }]);
  const wrong = await status([{ ip: '192.0.2.7' }, { ipMode: 'Proxy', hostname: 'a.example' }]);
  assert.deepEqual(
    [wrong.status, wrong.body.details.causes],
    [
      422,
      [
        {
          reason: 'FieldValueForbidden',
          field: 'status.loadBalancer.ingress[1].ipMode',
          message: 'Forbidden: may not be specified when `ip` is not set',
        },
      ],
    ],
  );
  const spec = { loadBalancer: { ingress: [{ ip: '192.0.2.8' }] } };
  const main = await at.request(`PATCH ${SVC}/web`, { body: { status: spec }, type: MERGE });
  assert.equal(main.body.status.loadBalancer.ingress[0].ip, '192.0.2.7', 'the main path leaves the status alone');
  const plain = await at.request(`PATCH ${SVC}/web`, { body: { spec: { type: 'ClusterIP' } }, type: MERGE });
  assert.deepEqual(plain.body.status, { loadBalancer: {} });
  assert.equal((await status([{ ip: '192.0.2.7' }])).status, 422);
});

test('names of Object.prototype are labels like any other', async t => {
  const at = startServer(t);
  const odd = { constructor: 'a', toString: 'b', valueOf: '', 'example.com/hasOwnProperty': 'c' };
  const body = { ...service('web', { selector: odd }), metadata: { name: 'web', labels: odd } };
  const made = await at.request(`POST ${SVC}`, { body });
  assert.deepEqual([made.body.metadata.labels, made.body.spec.selector], [odd, odd]);
  const { constructor: _, ...rest } = odd;
  for (const type of [MERGE, 'application/strategic-merge-patch+json']) {
    await at.request(`PUT ${SVC}/web`, { body });
    const patched = await at.request(`PATCH ${SVC}/web`, {
      body: { metadata: { labels: { constructor: null } } },
      type,
    });
    assert.deepEqual(patched.body.metadata.labels, rest, type);
  }
  assert.equal((await at.request(`GET ${SVC}?labelSelector=toString%3Db`)).body.items.length, 1);
  assert.equal((await at.request(`GET ${SVC}?labelSelector=isPrototypeOf`)).body.items.length, 0);
  const proto = JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}');
  const refused = await at.request(`PATCH ${SVC}/web`, { body: JSON.stringify(proto), type: MERGE });
  assert.deepEqual([refused.status, refused.body.details.causes[0].field], [422, 'metadata.labels']);
});
