/** The node's health check ports: which Services have one, whom they count, and what happens where a port is taken. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { agentConfig } from '../../src/agent/config.js';
import { ProxyServer } from '../../src/agent/proxy-server.js';
import { ServiceHealth } from '../../src/agent/service-health.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { CONFIG } from './world.js';

const HOST = '127.0.0.3';

const service = (
  name: string,
  healthCheckNodePort: number,
  spec: object = {},
  creationTimestamp = '2026-01-01T00:00:00Z',
) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, creationTimestamp },
  spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }], healthCheckNodePort, ...spec },
});
/** `n1 ready`, `n1 unready`, `n1 leaving`: a node and the state of an endpoint there. */
const slice = (of: string, addressType: string, ...endpoints: readonly string[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'shop', name: `${of}-${addressType}`, labels: { 'kubernetes.io/service-name': of } },
  addressType,
  ports: [{ port: 8080 }],
  endpoints: endpoints.map((text, i) => {
    const [nodeName, state] = text.split(' ');
    return {
      addresses: [addressType === 'IPv4' ? `10.244.1.${i + 2}` : `fd00:10:244::${i + 2}`],
      nodeName,
      conditions: { ready: state === 'ready', serving: state !== 'unready', terminating: state === 'leaving' },
      targetRef: { kind: 'Pod', namespace: 'shop', name: `${of}-${i}` },
    };
  }),
});

class Node {
  readonly builder = new ClusterBuilder({ serviceCidrs: [Cidr.of('10.96.0.0/16')] });
  readonly said: string[] = [];
  readonly events = {
    record: (on: { name: string }, _: string, reason: string, message: string) =>
      void this.said.push(`${on.name} ${reason} ${message}`),
    close: async () => {},
  };
  addresses: readonly Ip[] | undefined = [Ip.of(HOST)];
  readonly health = new ServiceHealth('n1', this.events, { addresses: () => this.addresses, healthy: () => true });

  async apply(...objects: readonly object[]): Promise<void> {
    const change = objects.flatMap(object => this.builder.apply({ type: 'upsert', object: object as never }));
    this.health.changed(change, this.builder.cluster);
    await this.health.settled();
  }
  async remove(object: object): Promise<void> {
    this.health.changed(this.builder.apply({ type: 'delete', object: object as never }), this.builder.cluster);
    await this.health.settled();
  }
}

/** `200 shop/web 2`, or `closed`. */
async function ask(port: number): Promise<string> {
  try {
    const response = await fetch(`http://${HOST}:${port}/`, { headers: { connection: 'close' } });
    const { service, localEndpoints } = (await response.json()) as Record<string, unknown>;
    const { namespace, name } = service as Record<string, string>;
    return `${response.status} ${namespace}/${name} ${localEndpoints}`;
  } catch {
    return 'closed';
  }
}

let node: Node;
let taken: Server | undefined;
beforeEach(() => {
  node = new Node();
});
afterEach(async () => {
  await node.health.close();
  await new Promise(resolve => (taken ? taken.close(resolve) : resolve(0)));
  taken = undefined;
});

/** Somebody else's listener. */
async function take(): Promise<number> {
  taken = createServer();
  await new Promise<void>(resolve => taken!.listen(0, HOST, resolve));
  return (taken.address() as { port: number }).port;
}
/** Two ports that were free a moment ago. */
async function free(): Promise<[number, number]> {
  const [a, b] = [await take(), taken!];
  const other = await take();
  await Promise.all([b, taken!].map(server => new Promise(resolve => server.close(resolve))));
  taken = undefined;
  return [a, other];
}

describe('a health check port', () => {
  it('counts this node’s ready Pods, each once, and follows them', async () => {
    const [port] = await free();
    await node.apply(service('web', port));
    assert.equal(await ask(port), '503 shop/web 0');
    const endpoints = ['n1 ready', 'n1 ready', 'n2 ready', 'n1 unready', 'n1 leaving'];
    await node.apply(slice('web', 'IPv4', ...endpoints), slice('web', 'IPv6', ...endpoints));
    assert.equal(await ask(port), '200 shop/web 2');
    await node.apply(slice('web', 'IPv4', 'n2 ready', 'n1 leaving'), slice('web', 'IPv6', 'n2 ready'));
    assert.equal(await ask(port), '503 shop/web 0', 'who leaves attracts nobody');
    assert.deepEqual(node.said, []);
  });

  it('is open as long as the Service wants it, wherever it wants it', async () => {
    const [port, other] = await free();
    const rows: readonly (readonly [spec: object, first: string, second: string])[] = [
      [{}, '503 shop/web 0', 'closed'],
      [{ healthCheckNodePort: other }, 'closed', '503 shop/web 0'],
      [{ externalTrafficPolicy: 'Cluster' }, 'closed', 'closed'],
      [{}, '503 shop/web 0', 'closed'],
      [{ type: 'NodePort' }, 'closed', 'closed'],
    ];
    for (const [spec, first, second] of rows) {
      await node.apply(service('web', port, spec));
      assert.deepEqual([await ask(port), await ask(other)], [first, second], JSON.stringify(spec));
    }
    await node.apply(service('web', port));
    await node.remove(service('web', port));
    assert.equal(await ask(port), 'closed');
  });

  it('waits for the node’s addresses', async () => {
    const [port] = await free();
    node.addresses = undefined;
    await node.apply(service('web', port));
    assert.equal(await ask(port), 'closed');
    node.addresses = [Ip.of(HOST)];
    node.health.settle();
    await node.health.settled();
    assert.equal(await ask(port), '503 shop/web 0');
  });

  it('that is taken is said once, harms no other, and is opened when it is free', async () => {
    const [port] = await free();
    const busy = await take();
    await node.apply(service('web', busy), service('shop', port));
    node.health.settle();
    await node.health.settled();
    assert.equal(await ask(port), '503 shop/shop 0');
    assert.deepEqual(node.said, [
      `web FailedToStartServiceHealthcheck PW-S416 Service shop/web: its health check port ${busy} cannot be opened on node n1: EADDRINUSE; end what listens there (\`ss -ltnp\` on the node), or choose another healthCheckNodePort; load balancers take this node for one without endpoints`,
    ]);
    await new Promise(resolve => taken!.close(resolve));
    taken = undefined;
    node.health.settle();
    await node.health.settled();
    assert.equal(await ask(busy), '503 shop/web 0');
    assert.equal(node.said.length, 1);
  });

  it('that two Services want is the older one’s; when that goes, the other’s', async () => {
    const [port] = await free();
    const younger = service('a', port, {}, '2026-01-02T00:00:00Z');
    const older = service('b', port);
    await node.apply(younger, older);
    assert.equal(await ask(port), '503 shop/b 0');
    assert.match(node.said.join(), /^a FailedToStartServiceHealthcheck PW-S416/);
    await node.remove(older);
    assert.equal(await ask(port), '503 shop/a 0');
  });
});

describe('the proxy’s own ports', () => {
  it('are open where the configuration says; one that is taken is said once, and the other is open still', async () => {
    const [port] = await free();
    const busy = await take();
    const config = agentConfig({ ...CONFIG, healthz: `${HOST}:${busy}`, metrics: `${HOST}:${port}` });
    const proxy = new ProxyServer(
      config,
      'n1',
      node.events,
      () => assert.fail(),
      () => 'up 1\n',
    );
    try {
      proxy.start();
      proxy.start();
      await proxy.settled();
      const response = await fetch(`http://${HOST}:${port}/metrics`, { headers: { connection: 'close' } });
      assert.equal(await response.text(), 'up 1\n');
      assert.deepEqual(node.said, [
        `n1 FailedToStartProxierHealthcheck PW-A203 /healthz cannot be served on ${HOST}:${busy}: EADDRINUSE; end what listens there (\`ss -ltnp\` on the node), or choose another port in the agent configuration`,
      ]);
    } finally {
      await proxy.close();
    }
  });

  it('are written as address and port', () => {
    const good = agentConfig({ ...CONFIG, healthz: '[::]:10256', metrics: '0.0.0.0:10249' });
    assert.deepEqual(
      [good.healthz, good.metrics],
      [
        { ip: Ip.of('::'), port: 10256 },
        { ip: Ip.of('0.0.0.0'), port: 10249 },
      ],
    );
    for (const healthz of ['10256', ':10256', '::1:10256', '[::]', '0.0.0.0:0', '0.0.0.0:70000', 'localhost:80'])
      assert.throws(() => agentConfig({ ...CONFIG, healthz }), /PW-A202 .*healthz: '/, healthz);
  });
});
