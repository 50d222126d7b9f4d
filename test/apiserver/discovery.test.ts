import assert from 'node:assert/strict';
import test from 'node:test';
import { type Body, configMap, pod, startServer } from './harness.js';

const PODS = '/api/v1/namespaces/default/pods';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

test('legacy and aggregated discovery tell the same resources', async t => {
  const { request } = startServer(t);
  const legacy = new Set<string>();
  const paths = ['/api/v1'];
  for (const group of (await request('GET /apis')).body.groups)
    for (const { groupVersion } of group.versions) paths.push(`/apis/${groupVersion}`);
  for (const path of paths) {
    const { body } = await request(`GET ${path}`);
    assert.equal(body.kind, 'APIResourceList');
    for (const { name } of body.resources) legacy.add(`${body.groupVersion}/${name}`);
  }
  const aggregated = new Set<string>();
  for (const path of ['/api', '/apis']) {
    const { body, headers } = await request(`GET ${path}`, { accept: AGGREGATED });
    assert.match(headers['content-type']!, /as=APIGroupDiscoveryList/);
    for (const { metadata, versions } of body.items) {
      for (const { version, resources } of versions) {
        const groupVersion = metadata.name ? `${metadata.name}/${version}` : version;
        for (const { resource, subresources = [] } of resources) {
          aggregated.add(`${groupVersion}/${resource}`);
          for (const { subresource } of subresources) aggregated.add(`${groupVersion}/${resource}/${subresource}`);
        }
      }
    }
  }
  assert.deepEqual([...aggregated].sort(), [...legacy].sort());
  for (const name of [
    'v1/pods',
    'v1/pods/log',
    'apps/v1/deployments/scale',
    'authorization.k8s.io/v1/selfsubjectaccessreviews',
  ])
    assert.ok(legacy.has(name), name);
});

test('every resource of discovery can be listed', async t => {
  const { request } = startServer(t);
  for (const { metadata, versions } of (await request('GET /apis', { accept: AGGREGATED })).body.items) {
    for (const { version, resources } of versions) {
      for (const { resource, verbs, responseKind } of resources) {
        const { status, body } = await request(`GET /apis/${metadata.name}/${version}/${resource}`);
        assert.equal(status, verbs.includes('list') ? 200 : 405, `${metadata.name}/${version}/${resource}`);
        if (status === 200) assert.equal(body.kind, `${responseKind.kind}List`);
      }
    }
  }
});

test('OpenAPI documents are there in both versions, and name their groups', async t => {
  const { request } = startServer(t);
  assert.equal((await request('GET /openapi/v2')).body.swagger, '2.0');
  const protobuf = await request('GET /openapi/v2', {
    accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  });
  assert.equal(protobuf.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  const { paths } = (await request('GET /openapi/v3')).body;
  for (const [path, { serverRelativeURL }] of Object.entries<Body>(paths)) {
    const { body } = await request(`GET ${serverRelativeURL}`);
    assert.match(body.openapi, /^3\./, path);
  }
  assert.equal((await request('GET /openapi/v3/apis/none/v1')).status, 404);
});

test('tables and partial objects, of lists, objects and watches', async t => {
  const { request, watch } = startServer(t);
  await request(`POST ${PODS}`, { body: pod('a') });
  const as = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io`;
  const table = (await request(`GET ${PODS}`, { accept: as('Table') })).body;
  assert.equal(table.kind, 'Table');
  assert.deepEqual(table.columnDefinitions.map((c: Body) => c.name).slice(0, 5), [
    'Name',
    'Ready',
    'Status',
    'Restarts',
    'Age',
  ]);
  assert.equal(table.rows[0].cells[0], 'a');
  assert.equal(table.rows[0].object.kind, 'PartialObjectMetadata');
  assert.equal(
    (await request(`GET ${PODS}/a?includeObject=Object`, { accept: as('Table') })).body.rows[0].object.kind,
    'Pod',
  );
  assert.equal(
    (await request(`GET ${PODS}/a?includeObject=None`, { accept: as('Table') })).body.rows[0].object,
    undefined,
  );
  const partial = (await request(`GET ${PODS}`, { accept: as('PartialObjectMetadataList') })).body;
  assert.equal(partial.kind, 'PartialObjectMetadataList');
  assert.deepEqual(Object.keys(partial.items[0]).sort(), ['apiVersion', 'kind', 'metadata']);
  for await (const { type, object } of watch(`${PODS}?timeoutSeconds=1`, { accept: as('Table') })) {
    assert.equal(type, 'ADDED');
    assert.equal(object.rows[0].cells[0], 'a');
  }
  const beta = (await request(`GET ${PODS}`, { accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io' })).body;
  assert.equal(beta.apiVersion, 'meta.k8s.io/v1beta1');
  const fallback = await request(`GET ${PODS}/a`, { accept: 'application/vnd.kubernetes.protobuf,application/json' });
  assert.equal(fallback.body.kind, 'Pod');
});

test('who asks may do everything, and is told so', async t => {
  const { request } = startServer(t);
  const AUTHZ = '/apis/authorization.k8s.io/v1';
  const access = { spec: { resourceAttributes: { verb: 'create', resource: 'pods' } } };
  assert.equal((await request(`POST ${AUTHZ}/selfsubjectaccessreviews`, { body: access })).body.status.allowed, true);
  const rules = (await request(`POST ${AUTHZ}/selfsubjectrulesreviews`, { body: { spec: { namespace: 'default' } } }))
    .body;
  assert.deepEqual(rules.status.resourceRules[0].verbs, ['*']);
  const self = (await request('POST /apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {} })).body;
  assert.equal(self.status.userInfo.username, 'kubernetes-admin');
});

test('YAML is read like JSON', async t => {
  const { request } = startServer(t);
  const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  when: "2026-01-01"\n  yes: "on"\n';
  const made = await request('POST /api/v1/namespaces/default/configmaps', { body, type: 'application/yaml' });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.data.when, '2026-01-01');
});

test('a custom resource comes, is validated, and goes with its definition', async t => {
  const { request } = startServer(t);
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    subresources: { status: {} },
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: { size: { type: 'integer', maximum: 9 } } },
          status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  });
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [version('v1', true), version('v1beta1', false)],
    },
  };
  const before = (await request('GET /openapi/v3')).body.paths;
  assert.equal(before['apis/example.com/v1'], undefined);
  const made = (await request(`POST ${CRDS}`, { body: crd })).body;
  assert.deepEqual(made.status.conditions.map((c: Body) => `${c.type}=${c.status}`).sort(), [
    'Established=True',
    'NamesAccepted=True',
  ]);
  assert.ok((await request('GET /openapi/v3')).body.paths['apis/example.com/v1']);
  assert.deepEqual(
    (await request('GET /apis/example.com')).body.versions.map((v: Body) => v.version),
    ['v1', 'v1beta1'],
  );

  const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
  const widget = (spec: object) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec });
  assert.equal((await request(`POST ${WIDGETS}`, { body: widget({ size: 10 }) })).status, 422);
  const kept = (await request(`POST ${WIDGETS}`, { body: widget({ size: 3, other: 1 }) })).body;
  assert.deepEqual(kept.spec, { size: 3 }, 'unknown fields are pruned');
  const beta = (await request(`GET ${WIDGETS.replace('v1', 'v1beta1')}/a`)).body;
  assert.equal(beta.apiVersion, 'example.com/v1beta1');
  assert.equal(beta.metadata.uid, kept.metadata.uid);
  const status = (
    await request(`PATCH ${WIDGETS}/a/status`, {
      body: { status: { any: 'thing' }, spec: { size: 4 } },
      type: 'application/merge-patch+json',
    })
  ).body;
  assert.deepEqual([status.status, status.spec], [{ any: 'thing' }, { size: 3 }]);
  assert.equal(
    (await request(`PATCH ${WIDGETS}/a`, { body: {}, type: 'application/strategic-merge-patch+json' })).status,
    415,
  );

  assert.equal((await request(`DELETE ${CRDS}/widgets.example.com`)).status, 200);
  assert.equal((await request(`GET ${WIDGETS}`)).status, 404);
  await request(`POST ${CRDS}`, { body: crd });
  assert.deepEqual((await request(`GET ${WIDGETS}`)).body.items, [], 'objects went with their definition');

  const builtin = {
    ...crd,
    metadata: { name: 'pods.apps' },
    spec: { ...crd.spec, group: 'apps', names: { plural: 'pods', kind: 'Pod' } },
  };
  assert.equal((await request(`POST ${CRDS}`, { body: builtin })).status, 422);
});

test('custom resources are served again after a restart', async t => {
  const first = startServer(t);
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'ks.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'ks', kind: 'K' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
  await first.request('POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: crd });
  const k = { ...configMap('one'), apiVersion: 'example.com/v1', kind: 'K' };
  assert.equal((await first.request('POST /apis/example.com/v1/ks', { body: k })).status, 201);
  await first.server.close();
  const { request } = startServer(t, { stateDir: first.stateDir });
  assert.equal((await request('GET /apis/example.com/v1/ks/one')).body.metadata.name, 'one');
});
