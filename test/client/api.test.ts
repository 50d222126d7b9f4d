/** What each verb asks on the wire, and what each kind of refusal becomes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api } from '../../src/client/api.js';
import { ApiFailure } from '../../src/client/failure.js';
import { resources } from '../../src/objects/resources.js';
import { play } from './script.js';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { containers: [] },
} as const;
const ok = { json: pod };

/** [what is called, request line, content type, body] */
const VERBS: readonly [(api: Api) => Promise<unknown>, string, string?, unknown?][] = [
  [api => api.get(resources.pods, { namespace: 'shop', name: 'web' }), 'GET /api/v1/namespaces/shop/pods/web'],
  [api => api.get(resources.nodes, { name: 'n1' }), 'GET /api/v1/nodes/n1'],
  [
    api => api.get(resources.pods, { namespace: 'a', name: '../../secrets/x' }),
    'GET /api/v1/namespaces/a/pods/..%2F..%2Fsecrets%2Fx',
  ],
  [
    api => api.get(resources.endpointslices, { namespace: 'a', name: 'b' }),
    'GET /apis/discovery.k8s.io/v1/namespaces/a/endpointslices/b',
  ],
  [api => api.create(resources.pods, pod), 'POST /api/v1/namespaces/shop/pods', 'application/json', pod],
  [api => api.update(resources.pods, pod), 'PUT /api/v1/namespaces/shop/pods/web', 'application/json', pod],
  [
    api => api.updateStatus(resources.pods, pod),
    'PUT /api/v1/namespaces/shop/pods/web/status',
    'application/json',
    pod,
  ],
  [
    api =>
      api.patch(
        resources.pods,
        { namespace: 'shop', name: 'web' },
        { type: 'merge', body: { spec: {} }, subresource: 'status' },
      ),
    'PATCH /api/v1/namespaces/shop/pods/web/status',
    'application/merge-patch+json',
    { spec: {} },
  ],
  [
    api =>
      api.patch(
        resources.pods,
        { namespace: 'shop', name: 'web' },
        { type: 'apply', body: pod, fieldManager: 'me', force: true },
      ),
    'PATCH /api/v1/namespaces/shop/pods/web?fieldManager=me&force=true',
    'application/apply-patch+yaml',
    pod,
  ],
  [
    api =>
      api.delete(
        resources.pods,
        { namespace: 'shop', name: 'web' },
        { gracePeriodSeconds: 0, preconditions: { uid: 'u' } },
      ),
    'DELETE /api/v1/namespaces/shop/pods/web',
    'application/json',
    { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid: 'u' } },
  ],
];

test('each verb asks what the API documents', async () => {
  for (const [call, line, type, body] of VERBS) {
    const { transport, requests } = play([['', ok]]);
    assert.deepEqual(await call(new Api(transport)), pod);
    const [request] = requests;
    assert.equal(`${request!.method} ${request!.path}`, line);
    assert.equal(request!.headers['content-type'], type, line);
    assert.deepEqual(request!.body && JSON.parse(Buffer.from(request!.body).toString()), body, line);
  }
});

test('a list is all its pages, its items with the kind that the server leaves out', async () => {
  const item = (name: string) => ({ metadata: { name } });
  const { transport } = play([
    [
      'GET /api/v1/nodes?labelSelector=a=b&limit=2',
      { json: { metadata: { continue: 'T', resourceVersion: '7' }, items: [item('n1'), item('n2')] } },
    ],
    [
      'GET /api/v1/nodes?labelSelector=a=b&limit=2&continue=T',
      { json: { metadata: { resourceVersion: '7' }, items: [item('n3')] } },
    ],
  ]);
  const { items, resourceVersion } = await new Api(transport).list(resources.nodes, { labelSelector: 'a=b', limit: 2 });
  assert.deepEqual(
    items.map(node => `${node.apiVersion} ${node.kind} ${node.metadata.name}`),
    ['v1 Node n1', 'v1 Node n2', 'v1 Node n3'],
  );
  assert.equal(resourceVersion, '7');
});

test('a list whose token expired begins anew and repeats nothing', async () => {
  const { transport } = play([
    [
      'GET /api/v1/nodes?limit=500',
      { json: { metadata: { continue: 'T', resourceVersion: '7' }, items: [{ metadata: { name: 'n1' } }] } },
    ],
    [
      'GET /api/v1/nodes?limit=500&continue=T',
      { status: 410, json: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } },
    ],
    [
      'GET /api/v1/nodes?limit=500',
      { json: { metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'n1' } }] } },
    ],
  ]);
  const { items, resourceVersion } = await new Api(transport).list(resources.nodes);
  assert.deepEqual([items.length, resourceVersion], [1, '9']);
});

test('every refusal becomes an ApiFailure, whatever its body', async () => {
  const status = {
    kind: 'Status',
    code: 422,
    reason: 'Invalid',
    message: 'Pod "web" is invalid',
    details: { causes: [{ field: 'spec.containers' }] },
  };
  const table: readonly [string, number, string, string, string | undefined][] = [
    [JSON.stringify(status), 422, 'Invalid', 'Pod "web" is invalid', 'spec.containers'],
    ['<html>bad gateway</html>', 502, '', '<html>bad gateway</html>', undefined],
    ['', 503, '', 'HTTP 503', undefined],
    ['{"kind":"Status"', 500, '', '{"kind":"Status"', undefined],
    ['null', 404, '', 'null', undefined],
  ];
  for (const [raw, code, reason, message, field] of table) {
    const failure = await new Api(async () => ({ status: code, body: bytes(raw) }))
      .get(resources.nodes, { name: 'x' })
      .catch(error => error);
    assert.ok(failure instanceof ApiFailure, raw);
    assert.deepEqual(
      [failure.status, failure.reason, failure.message, failure.details.causes?.[0]?.field],
      [code, reason, message, field],
    );
  }
});

test('a watch yields its events, also a character that came in two pieces, and throws its ERROR', async () => {
  const event = { type: 'ADDED', object: { ...pod, metadata: { ...pod.metadata, labels: { grüß: 'ähm…' } } } };
  const { transport } = play([
    [
      'GET /api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=5',
      {
        lines: [event, { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } }],
      },
    ],
  ]);
  const seen: unknown[] = [];
  const failure = await (async () => {
    for await (const one of new Api(transport).watch(resources.pods, { resourceVersion: '5' })) seen.push(one);
  })().catch(error => error);
  assert.deepEqual(seen, [event]);
  assert.ok(ApiFailure.isExpired(failure));
});

async function* bytes(text: string) {
  yield Buffer.from(text);
}
