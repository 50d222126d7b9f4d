import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { configMap, deployment, pod, service, startServer } from './harness.js';

const segment = fc.oneof(
  fc.constantFrom(
    'api',
    'apis',
    'v1',
    'apps',
    'namespaces',
    'default',
    'pods',
    'services',
    'deployments',
    'configmaps',
    'web',
    'status',
  ),
  fc.constantFrom(
    'scale',
    'log',
    'binding',
    'eviction',
    'token',
    'finalize',
    'customresourcedefinitions',
    'apiextensions.k8s.io',
    'openapi',
    'v3',
    'nodes',
  ),
  fc
    .string({ maxLength: 12 })
    .map(encodeURIComponent)
    .filter(text => !text.includes('?')),
  fc.constantFrom('..', '', '%2f', '%00', '%zz', '__proto__', 'constructor', 'hasOwnProperty'),
);

const PREFIXES = [
  '',
  '/api/v1',
  '/api/v1/namespaces/default',
  '/apis/apps/v1/namespaces/default',
  '/apis/apiextensions.k8s.io/v1',
];

const path = fc
  .tuple(fc.constantFrom(...PREFIXES), fc.array(segment, { maxLength: 4 }))
  .map(([prefix, rest]) => `${prefix}/${rest.join('/')}`);

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'limit',
        'continue',
        'labelSelector',
        'fieldSelector',
        'resourceVersion',
        'resourceVersionMatch',
        'timeoutSeconds',
        'fieldManager',
        'fieldValidation',
        'dryRun',
        'force',
        'gracePeriodSeconds',
        'propagationPolicy',
        'tailLines',
        'includeObject',
        'sendInitialEvents',
      ),
      fc.oneof(
        fc.string({ maxLength: 20 }),
        fc.constantFrom('true', '0', '-1', 'All', 'a=b', 'a in (b', 'Exact', 'e30', '1e9', '9'.repeat(30)),
      ),
    ),
    { maxLength: 3 },
  )
  .map(pairs => new URLSearchParams(pairs).toString());

const SEEDS = [
  configMap('web', { k: 'v' }),
  pod('web'),
  service('web'),
  deployment('web'),
  { kind: 'Scale', spec: { replicas: 2 } },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'as.b.io' },
    spec: {
      group: 'b.io',
      scope: 'Namespaced',
      names: { plural: 'as', kind: 'A' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  },
  [
    { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
    { op: 'remove', path: '/spec' },
  ],
] as const;

/** A valid object in which one value was replaced by any other. */
const mutated = fc
  .tuple(fc.constantFrom(...SEEDS), fc.nat(), fc.jsonValue({ maxDepth: 3 }))
  .map(([seed, at, value]) => {
    const copy = JSON.parse(JSON.stringify(seed));
    const places: [Record<string, unknown>, string][] = [];
    const visit = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key]);
        visit((node as Record<string, unknown>)[key]);
      }
    };
    visit(copy);
    const [holder, key] = places[at % places.length]!;
    holder[key] = value;
    return JSON.stringify(copy);
  });

const body = fc.oneof(
  mutated,
  fc.json(),
  fc.string(),
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
  fc.constant(undefined),
);

const type = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  '',
);

const accept = fc.constantFrom(
  undefined,
  '*/*',
  'application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  ';;;,q=',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
);

test('no request, however odd, is answered with a 5xx, and the server goes on', { timeout: 120_000 }, async t => {
  const { request } = startServer(t);
  for (const [line, seed] of [
    ['configmaps', SEEDS[0]],
    ['pods', SEEDS[1]],
    ['services', SEEDS[2]],
  ] as const) {
    await request(`POST /api/v1/namespaces/default/${line}`, { body: seed });
  }
  await request('POST /apis/apps/v1/namespaces/default/deployments', { body: SEEDS[3] });
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'BREW');
  await fc.assert(
    fc.asyncProperty(method, path, query, body, type, accept, async (method, path, query, body, type, accept) => {
      const answer = await request(`${method} ${path}?${query}`, { body, type, accept });
      assert.ok(
        answer.status >= 200 && answer.status < 500,
        `${method} ${path}?${query} → ${answer.status} ${answer.text.slice(0, 500)}`,
      );
    }),
    { numRuns: 4000 },
  );
  // What a client can do to objects it names well, with contents it does not.
  const known = fc.constantFrom(
    '/api/v1/namespaces/default/pods',
    '/api/v1/namespaces/default/services',
    '/api/v1/namespaces/default/configmaps',
    '/apis/apps/v1/namespaces/default/deployments',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  );
  const write = fc.tuple(
    fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
    known,
    fc.constantFrom('', '/web', '/web/status', '/web/scale', '/web/binding', '/web/eviction'),
  );
  await fc.assert(
    fc.asyncProperty(write, mutated, type, async ([method, path, rest], body, type) => {
      const answer = await request(
        `${method} ${path}${method === 'POST' && rest === '/web' ? '' : rest}?fieldManager=f&force=true`,
        { body, type },
      );
      assert.ok(
        answer.status < 500,
        `${method} ${path}${rest} ${type} ${body} → ${answer.status} ${answer.text.slice(0, 500)}`,
      );
    }),
    { numRuns: 4000 },
  );
  assert.equal((await request('GET /readyz')).status, 200);
});
