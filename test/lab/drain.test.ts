/** Graceful drain: a rolling update loses no request when its Pods drain as they should, and the last Pod of a Service serves to its end. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Api } from '../../src/client/api.js';
import { applyManifests } from '../../src/client/apply.js';
import { isTrue } from '../../src/objects/condition-status.js';
import type { Pod } from '../../src/objects/kinds.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { get } from './http.js';
import { eventually, Lab, skip } from './lab.js';
import { newConnections, polite, startLoad } from './load.js';
import { idlePod, place } from './pods.js';

/**
 * On SIGTERM it goes on serving for as long as news of its end may be under way, tells clients on lasting connections to
 * come back on another, and then ends with its last request.
 */
const SERVER = `
const { createServer } = require('node:http');
const { hostname } = require('node:os');
let ending = false;
const server = createServer((request, response) => {
  if (ending) response.setHeader('connection', 'close');
  setTimeout(() => response.end(hostname()), 5);
});
server.listen(8080, '::');
process.on('SIGTERM', () => {
  ending = true;
  setTimeout(() => server.close(() => process.exit(0)), 2000);
});
`;

const deployment = (revision: string, replicas = 3): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
      template: {
        metadata: { labels: { app: 'web', revision } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'node',
              command: ['node', '-e', SERVER],
              readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  }) as unknown as KubeObject;

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ipFamilyPolicy: 'PreferDualStack', ports: [{ port: 80, targetPort: 8080 }] },
} as unknown as KubeObject;

describe('graceful drain', { skip }, () => {
  const lab = new Lab('drain');
  let api: Api;
  let ips: readonly string[] = [];
  let places: readonly (string | undefined)[] = [];

  before(async () => {
    await lab.up('--nodes', '2');
    api = await lab.api();
    await applyManifests(api, [service, deployment('r0'), idlePod('a', 'n1'), idlePod('b', 'n2')], () => {});
    const clients = [await place(lab, 'a'), await place(lab, 'b')];
    places = [...clients.map(({ netns }) => netns), lab.at.netns('n1'), undefined];
    await rolledOut('r0');
    ips = (await api.get(resources.services, { namespace: 'default', name: 'web' })).spec.clusterIPs!;
  });
  after(() => lab.down());

  const pods = async (): Promise<readonly Pod[]> =>
    (await api.list(resources.pods, { namespace: 'default', labelSelector: 'app=web' })).items;

  /** All Pods are of that revision, ready, and the old ones are gone. */
  function rolledOut(revision: string, replicas = 3): Promise<unknown> {
    return eventually(
      `${replicas} Pods of ${revision}, and no others`,
      async () => {
        const all = await pods();
        return (
          all.length === replicas &&
          all.every(pod => pod.metadata.labels?.revision === revision && isTrue(pod, 'Ready')) &&
          all.every(pod => !pod.metadata.deletionTimestamp)
        );
      },
      60,
    );
  }

  test('a rolling update loses no request: new connections and lasting ones, from Pods, nodes and this machine', async () => {
    const load = startLoad(places.flatMap(netns => ips.flatMap(ip => [newConnections(netns, ip), polite(netns, ip)])));
    for (const revision of ['r1', 'r2']) {
      await applyManifests(api, [deployment(revision)], () => {});
      await rolledOut(revision);
    }
    const { requests, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 500, `only ${requests} requests were made`);
  });

  test('the last Pod serves new connections until it is gone; then they are refused at once', async () => {
    await applyManifests(api, [deployment('r2', 1)], () => {});
    await rolledOut('r2', 1);
    const [last] = await pods();
    const load = startLoad(places.flatMap(netns => ips.map(ip => newConnections(netns, ip))));
    await applyManifests(api, [deployment('r2', 0)], () => {});
    const ending = await eventually('its endpoint says serving and terminating', async () => {
      const { items } = await api.list(resources.endpointslices, { namespace: 'default' });
      const own = items
        .flatMap(slice => slice.endpoints)
        .filter(({ targetRef }) => targetRef?.name === last!.metadata.name);
      return own.length > 0 && own.every(({ conditions }) => conditions?.terminating) && own;
    });
    assert.deepEqual(
      ending.map(({ conditions }) => conditions),
      ips.map(() => ({ ready: false, serving: true, terminating: true })),
    );
    // Its server goes on for two seconds from the signal on: that long, all are served.
    await new Promise(resolve => setTimeout(resolve, 400));
    const { requests, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 50, `only ${requests} requests were made`);
    await eventually('no Pod is left', async () => (await pods()).length === 0);
    for (const netns of places)
      for (const ip of ips)
        await eventually(`${netns ?? 'this machine'} is refused by ${ip}`, () =>
          get(netns, ip, 80, '/').then(
            () => false,
            error => /ECONNREFUSED/.test((error as Error).message),
          ),
        );
  });
});
