/** The controllers' loop on the real API server, in memory: what a user applies becomes Pods, endpoints and, at last, nothing. */

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createApiServer } from '../../src/apiserver/api-server.js';
import { Api } from '../../src/client/api.js';
import { runControllers } from '../../src/lab/controllers.js';
import { localTransport } from '../../src/lab/local-transport.js';
import { type Resource, resources } from '../../src/objects/resources.js';
import { create, registerNode, runPods } from './kubelet.js';

const {
  pods,
  nodes,
  deployments,
  replicasets,
  endpointslices,
  services,
  namespaces,
  serviceaccounts,
  configmaps,
  customresourcedefinitions,
} = resources;

async function start(t: TestContext): Promise<Api> {
  const stateDir = fs.mkdtempSync(join(tmpdir(), 'pwt-kernel-'));
  const server = createApiServer({ stateDir });
  const api = new Api(localTransport(server, { name: 'test', groups: ['system:masters'] }));
  const stop = new AbortController();
  const running = runControllers({ api, signal: stop.signal, podCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'] });
  const kubelet = runPods(api, stop.signal);
  t.after(async () => {
    stop.abort();
    await Promise.all([running, kubelet]);
    await server.close();
    fs.rmSync(stateDir, { recursive: true, force: true });
  });
  for (const name of ['n1', 'n2']) await registerNode(api, name);
  return api;
}

/** Waits until `look` finds something. */
async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

const namespace = 'default';
const web = (replicas: number, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

it('a Deployment and a Service: Pods come, serve, change and go', async t => {
  const api = await start(t);
  await until('the default ServiceAccount', () =>
    api.get(serviceaccounts, { namespace, name: 'default' }).catch(() => undefined),
  );
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  };
  await create(api, services, service);
  await create(api, deployments, web(20, 'a'));
  const status = async () => (await api.get(deployments, { namespace, name: 'web' })).status;
  await until('20 available Pods', async () => (await status())?.availableReplicas === 20);
  const served = async () => {
    const { items } = await api.list(endpointslices, { namespace, labelSelector: 'kubernetes.io/service-name=web' });
    return items.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions?.ready).length;
  };
  await until('20 endpoints', async () => (await served()) === 20);
  const placed = (await api.list(pods)).items.map(({ spec }) => spec.nodeName);
  assert.deepEqual([placed.filter(name => name === 'n1').length, placed.length], [10, 20]);

  await api.patch(
    deployments,
    { namespace, name: 'web' },
    { type: 'merge', body: { spec: { template: { spec: { containers: [{ name: 'c', image: 'b' }] } } } } },
  );
  await until('20 updated Pods and no other', async () => {
    const now = await status();
    return (
      now?.observedGeneration === 2 && now.updatedReplicas === 20 && now.replicas === 20 && now.availableReplicas === 20
    );
  });
  const sets = (await api.list(replicasets)).items.map(
    ({ spec, metadata }) => `${spec.replicas} revision ${metadata.annotations!['deployment.kubernetes.io/revision']}`,
  );
  assert.deepEqual(sets.sort(), ['0 revision 1', '20 revision 2']);

  await api.delete(deployments, { namespace, name: 'web' }, { propagationPolicy: 'Foreground' });
  await until(
    'an empty namespace',
    async () => (await api.list(pods)).items.length === 0 && (await api.list(deployments)).items.length === 0,
  );
  assert.equal((await api.list(replicasets)).items.length, 0);
  await until('no endpoints', async () => (await served()) === 0);
});

it('a namespace goes with all that is in it', async t => {
  const api = await start(t);
  await create(api, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const shop = web(3, 'a');
  await create(api, deployments, { ...shop, metadata: { name: 'web', namespace: 'shop' } });
  await until(
    '3 Pods',
    async () => (await api.list(pods, { namespace: 'shop' })).items.filter(({ status }) => status?.podIP).length === 3,
  );
  await api.delete(namespaces, { name: 'shop' });
  await until('its end', () =>
    api.get(namespaces, { name: 'shop' }).then(
      () => false,
      error => error.status === 404,
    ),
  );
  assert.equal((await api.list(pods)).items.length, 0);
});

it('nodes are given their Pod CIDRs', async t => {
  const api = await start(t);
  const ranges = async () => (await api.list(nodes)).items.map(({ spec }) => spec?.podCIDRs?.join(' '));
  await until('ranges', async () => (await ranges()).every(Boolean));
  assert.deepEqual((await ranges()).sort(), ['10.244.0.0/24 fd00:10:244::/64', '10.244.1.0/24 fd00:10:244:1::/64']);
});

describe('custom resources', () => {
  const gadgets = {
    group: 'example.com',
    version: 'v1',
    plural: 'gadgets',
    kind: 'Gadget',
    namespaced: true,
  } as Resource;
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gadgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'gadgets', kind: 'Gadget' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  const gadget = (name: string, more: object = {}) => ({
    apiVersion: 'example.com/v1',
    kind: 'Gadget',
    metadata: { name, namespace: 'shop', ...more },
  });
  const names = async (api: Api, of: Resource) =>
    (await api.list(of, { namespace: 'shop' })).items.map(({ metadata }) => metadata.name).sort();

  it('defined while the controllers run are collected as others are, and go with their namespace', async t => {
    const api = await start(t);
    await create(api, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await create(api, customresourcedefinitions, definition);
    const owner = await create(api, gadgets, gadget('owner'));
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Gadget', name: 'owner', uid: owner.metadata.uid }];
    await create(api, configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'leaf', namespace: 'shop', ownerReferences },
    });
    await create(api, gadgets, gadget('child', { ownerReferences }));
    await create(api, gadgets, gadget('held', { finalizers: ['example.com/mine'] }));
    await api.delete(gadgets, { namespace: 'shop', name: 'owner' });
    await until('no child', async () => `${await names(api, gadgets)}` === 'held');
    await until('no leaf', async () => !(await names(api, configmaps as unknown as Resource)).includes('leaf'));
    await api.delete(namespaces, { name: 'shop' });
    await until(
      'the mark',
      async () => (await api.get(gadgets, { namespace: 'shop', name: 'held' })).metadata.deletionTimestamp,
    );
    await api.patch(
      gadgets,
      { namespace: 'shop', name: 'held' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await until('its end', () =>
      api.get(namespaces, { name: 'shop' }).then(
        () => false,
        error => error.status === 404,
      ),
    );
    await api.delete(customresourcedefinitions, { name: 'gadgets.example.com' });
    await create(api, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await api.delete(namespaces, { name: 'shop' });
    await until('a namespace goes also when a definition has gone', () =>
      api.get(namespaces, { name: 'shop' }).then(
        () => false,
        error => error.status === 404,
      ),
    );
  });
});
