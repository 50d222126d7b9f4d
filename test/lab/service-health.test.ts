/** What a node says of Services to those who ask: load balancers, Prometheus, and the user who wonders why one does not work. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Api } from '../../src/client/api.js';
import { applyManifests } from '../../src/client/apply.js';
import { addresses, labConfig } from '../../src/lab/config.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { parseExposition } from '../agent/prometheus.js';
import { get } from './http.js';
import { eventually, Lab, skip } from './lab.js';
import { echo, idlePod, start } from './pods.js';

const service = (name: string, spec: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }) as unknown as KubeObject;
const port = { port: 80, targetPort: 8080 };

describe('what a node says of Services', { skip }, () => {
  const lab = new Lab('health');
  const { node } = addresses(labConfig({ nodeCidrs: ['172.29.250.0/24', 'fd00:172:29::/64'] }));
  let api: Api;

  before(async () => {
    await lab.up('--nodes', '2');
    api = await lab.api();
    await start(lab, [idlePod('web', 'n1', echo)]);
  });
  after(() => lab.down());

  /** Status, weight and JSON of a page on a node, as this machine sees it on the fabric. */
  async function ask(name: string, number: number, path = '/') {
    const [ip] = node(name);
    const response = await fetch(`http://${ip}:${number}${path}`, { headers: { connection: 'close' } });
    const weight = response.headers.get('x-load-balancing-endpoint-weight');
    return { status: response.status, weight, body: (await response.json()) as Record<string, unknown> };
  }

  test('a balancer hears which node has endpoints, on the health check port', async () => {
    await applyManifests(
      api,
      [
        service('web', {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          selector: { app: 'web' },
          ports: [port],
        }),
      ],
      () => {},
    );
    const { spec } = await api.get(resources.services, { namespace: 'default', name: 'web' });
    const number = spec.healthCheckNodePort!;
    await eventually('n1 has an endpoint', () =>
      ask('n1', number).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const body = (localEndpoints: number) => ({
      service: { namespace: 'default', name: 'web' },
      localEndpoints,
      serviceProxyHealthy: true,
    });
    assert.deepEqual(await ask('n1', number), { status: 200, weight: '1', body: body(1) });
    assert.deepEqual(await ask('n2', number), { status: 503, weight: '0', body: body(0) });
    const type = { spec: { type: 'ClusterIP' } };
    await api.patch(resources.services, { namespace: 'default', name: 'web' }, { type: 'merge', body: type });
    await eventually('the port is closed', () =>
      ask('n1', number).then(
        () => false,
        () => true,
      ),
    );
  });

  test('a node that the autoscaler is about to take lives, and says that it is to go', async () => {
    const statuses = async () => [
      (await ask('n2', 10256, '/healthz')).status,
      (await ask('n2', 10256, '/livez')).status,
    ];
    assert.deepEqual(await statuses(), [200, 200]);
    const taints = [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }];
    await api.patch(resources.nodes, { name: 'n2' }, { type: 'merge', body: { spec: { taints } } });
    await eventually('it is not for new connections', async () => `${await statuses()}` === '503,200');
    await api.patch(resources.nodes, { name: 'n2' }, { type: 'merge', body: { spec: { taints: null } } });
    await eventually('it stays after all', async () => `${await statuses()}` === '200,200');
  });

  test('Prometheus gets kube-proxy’s numbers, also how long a change took', async () => {
    await start(lab, [idlePod('late', 'n2', echo), service('late', { selector: { app: 'late' }, ports: [port] })]);
    const families = await eventually('n1 has heard of it', async () => {
      const found = parseExposition(await get(lab.at.netns('n1'), '127.0.0.1', 10249, '/metrics'));
      const latency = found.get('kubeproxy_network_programming_duration_seconds')!;
      const count = latency.samples.find(({ name, labels }) => name.endsWith('_count') && labels.ip_family === 'IPv4');
      return count!.value > 0 && found;
    });
    const value = (name: string) => families.get(name)!.samples[0]!.value;
    assert.ok(value('kubeproxy_sync_proxy_rules_service_changes_total') >= 3, 'kubernetes, web and late');
    assert.equal(value('kubeproxy_sync_proxy_rules_endpoint_changes_pending'), 0);
    assert.equal(value('kubeproxy_sync_proxy_rules_nftables_sync_failures_total'), 0);
    assert.ok(Date.now() / 1000 - value('kubeproxy_sync_proxy_rules_last_timestamp_seconds') < 60);
    assert.ok(families.has('coredns_dns_requests_total') && families.has('podwire_attachments'));
  });

  test('a Service that does not work says why: in status at once, as an Event when it lasts; one that works says nothing', async () => {
    const wrong = [
      service('typo', { selector: { app: 'wbe' }, ports: [port] }),
      service('portless', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] }),
      service('fine', { selector: { app: 'web' }, ports: [port] }),
    ];
    await applyManifests(api, wrong, () => {});
    await eventually('status says so', async () => {
      const { stdout } = await lab.podwire('status');
      return /Service default\/portless: PW-S414 .*targetPort http/.test(stdout) && stdout;
    });
    const { stdout } = await lab.podwire('status');
    assert.match(
      stdout,
      /Service default\/typo: PW-S411 has no endpoints: no Pod matches its selector app=wbe; compare/,
    );
    assert.doesNotMatch(stdout, /default\/(fine|late|web)/);
    const said = async () => {
      const { items } = await api.list(resources.events, {
        namespace: 'default',
        fieldSelector: 'reason=ServiceProblem',
      });
      return items.map(({ involvedObject, message }) => `${involvedObject.name} ${message?.slice(0, 7)}`).sort();
    };
    await eventually('both have Events', async () => (await said()).length >= 2, 30);
    assert.deepEqual(await said(), ['portless PW-S414', 'typo PW-S411']);
    const selector = { spec: { selector: { app: 'web' } } };
    await api.patch(resources.services, { namespace: 'default', name: 'typo' }, { type: 'merge', body: selector });
    await eventually('status has forgotten', async () => !(await lab.podwire('status')).stdout.includes('typo'));
  });
});
