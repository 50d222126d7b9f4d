import assert from 'node:assert/strict';
import test from 'node:test';
import { configMap, deployment, pod, type RequestOptions, service, startServer } from './harness.js';

const NS = '/api/v1/namespaces/default';
const DEPLOY = '/apis/apps/v1/namespaces/default/deployments';

/** request → status, reason, and a part of the message. */
const WRONG: readonly (readonly [
  line: string,
  options: RequestOptions,
  status: number,
  reason: string,
  message: string | RegExp,
])[] = [
  // Paths and methods.
  ['GET /api/v1/nothing', {}, 404, 'NotFound', 'the server could not find the requested resource'],
  ['GET /apis/nowhere/v1/pods', {}, 404, 'NotFound', 'the server could not find the requested resource'],
  ['GET /nothing', {}, 404, 'NotFound', 'the server could not find the requested resource'],
  [`GET ${NS}/nodes`, {}, 404, 'NotFound', 'the server could not find the requested resource'],
  ['GET /api/v1/pods/a', {}, 404, 'NotFound', 'the server could not find the requested resource'],
  [`GET ${NS}/pods/../secrets`, {}, 404, 'NotFound', 'the server could not find the requested resource'],
  [`GET ${NS}//pods`, {}, 404, 'NotFound', 'the server could not find the requested resource'],
  [`GET ${NS}/pods/%zz`, {}, 400, 'BadRequest', 'the path segment "%zz" is not valid percent-encoding'],
  [`GET ${NS}/pods/a%2Fb`, {}, 404, 'NotFound', 'pods "a/b" not found'],
  [`GET ${NS}/pods/web/nothing`, {}, 404, 'NotFound', 'the server could not find the requested resource'],
  [`PUT ${NS}/pods`, {}, 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  [
    'POST /api/v1/pods',
    { body: pod('a') },
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  ],
  [`TRACE ${NS}/pods`, {}, 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  // Objects that are not there, or are already.
  [`GET ${NS}/services/web`, {}, 404, 'NotFound', 'services "web" not found'],
  [`GET ${DEPLOY}/web`, {}, 404, 'NotFound', 'deployments.apps "web" not found'],
  [`DELETE ${DEPLOY}/web`, {}, 404, 'NotFound', 'deployments.apps "web" not found'],
  [
    `PATCH ${DEPLOY}/web`,
    { body: {}, type: 'application/merge-patch+json' },
    404,
    'NotFound',
    'deployments.apps "web" not found',
  ],
  [`PUT ${DEPLOY}/web`, { body: deployment('web') }, 404, 'NotFound', 'deployments.apps "web" not found'],
  [`GET ${NS}/pods/web/log`, {}, 404, 'NotFound', 'pods "web" not found'],
  [
    'POST /api/v1/namespaces/missing/configmaps',
    { body: configMap('a') },
    404,
    'NotFound',
    'namespaces "missing" not found',
  ],
  [
    `POST ${NS}/services`,
    { body: service('kubernetes') },
    409,
    'AlreadyExists',
    'services "kubernetes" already exists',
  ],
  // Bodies.
  [`POST ${NS}/configmaps`, { body: '{' }, 400, 'BadRequest', /not valid JSON/],
  [`POST ${NS}/configmaps`, { body: '[]' }, 400, 'BadRequest', /must be an object/],
  [
    `POST ${NS}/configmaps`,
    { body: Buffer.from([0xff, 0xfe, 0x7b]) },
    400,
    'BadRequest',
    'the request body is not valid UTF-8',
  ],
  [
    `POST ${NS}/configmaps`,
    { body: `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}` },
    400,
    'BadRequest',
    /nested deeper than/,
  ],
  [`POST ${NS}/configmaps`, { body: 'a: &a [*a]\n', type: 'application/yaml' }, 400, 'BadRequest', /not valid YAML/],
  [`POST ${NS}/configmaps`, { body: bomb(), type: 'application/yaml' }, 400, 'BadRequest', /not valid YAML/],
  [`POST ${NS}/configmaps`, { body: 'x'.repeat((3 << 20) + 1) }, 413, 'RequestEntityTooLarge', /limit is 3145728/],
  [
    `POST ${NS}/configmaps`,
    { body: 'k8s', type: 'application/vnd.kubernetes.protobuf' },
    400,
    'BadRequest',
    /does not begin with the prefix/,
  ],
  [
    `POST ${NS}/configmaps`,
    { body: 'k8s\0\x0a\x7f', type: 'application/vnd.kubernetes.protobuf' },
    400,
    'BadRequest',
    /cut off or damaged/,
  ],
  [
    `POST ${NS}/configmaps`,
    { body: 'a=b', type: 'application/x-www-form-urlencoded' },
    415,
    'UnsupportedMediaType',
    /accepted media types include/,
  ],
  [`PATCH ${NS}/services/kubernetes`, { body: {} }, 415, 'UnsupportedMediaType', /application\/merge-patch\+json/],
  [
    `GET ${NS}/pods`,
    { accept: 'application/vnd.kubernetes.protobuf' },
    406,
    'NotAcceptable',
    /only the following media types are accepted/,
  ],
  [`POST ${NS}/configmaps`, { body: pod('a') }, 400, 'BadRequest', /cannot be handled as a ConfigMap/],
  [
    `POST ${DEPLOY}`,
    { body: { ...deployment('a'), apiVersion: 'apps/v2' } },
    400,
    'BadRequest',
    'the API version in the data (apps/v2) does not match the expected API version (apps/v1)',
  ],
  [
    `POST ${NS}/configmaps`,
    { body: configMap('a', {}, { namespace: 'other' }) },
    400,
    'BadRequest',
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
  [
    `PUT ${NS}/services/kubernetes`,
    { body: service('other') },
    400,
    'BadRequest',
    /the name of the object \(other\) does not match the name on the URL \(kubernetes\)/,
  ],
  [
    `POST ${NS}/configmaps`,
    { body: configMap('a', {}, { resourceVersion: '7' }) },
    400,
    'BadRequest',
    'resourceVersion should not be set on objects to be created',
  ],
  [`POST ${NS}/configmaps`, { body: { ...configMap('a'), metadata: 'x' } }, 400, 'BadRequest', /metadata/],
  // Objects whose content is wrong.
  [
    `POST ${NS}/configmaps`,
    { body: configMap('Not_A_Name') },
    422,
    'Invalid',
    /ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name"/,
  ],
  [`POST ${NS}/configmaps`, { body: configMap('') }, 422, 'Invalid', /name or generateName is required/],
  [
    `POST ${DEPLOY}`,
    { body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } } },
    422,
    'Invalid',
    /Deployment\.apps "a" is invalid: \[?spec/,
  ],
  [
    `POST ${NS}/services`,
    { body: service('a', { ports: [{ port: 70000 }] }) },
    422,
    'Invalid',
    /spec\.ports\[0\]\.port: Invalid value: 70000/,
  ],
  // Queries.
  [`GET ${NS}/pods?limit=-1`, {}, 400, 'BadRequest', /limit/],
  [`GET ${NS}/pods?continue=nonsense`, {}, 400, 'BadRequest', /continue key is not valid/],
  [`GET ${NS}/pods?labelSelector=a%20b%20c`, {}, 400, 'BadRequest', /unable to parse requirement/],
  [`GET ${NS}/pods?fieldSelector=spec.nothing=1`, {}, 400, 'BadRequest', /field label not supported: spec\.nothing/],
  [`GET ${NS}/pods?resourceVersion=x`, {}, 400, 'BadRequest', /resourceVersion/],
  [`GET ${NS}/pods?resourceVersionMatch=Exact`, {}, 400, 'BadRequest', /forbidden unless resourceVersion is provided/],
  [`GET ${NS}/pods?resourceVersion=99999`, {}, 410, 'Expired', /Too large resource version/],
  [`GET ${NS}/pods?watch=1&sendInitialEvents=true`, {}, 400, 'BadRequest', /resourceVersionMatch/],
  [`POST ${NS}/configmaps?dryRun=Some`, { body: configMap('a') }, 422, 'Invalid', /dryRun/],
  [
    `POST ${NS}/configmaps?fieldValidation=Maybe`,
    { body: { ...configMap('a'), foo: 1 } },
    400,
    'BadRequest',
    /fieldValidation/,
  ],
  [
    `POST ${NS}/configmaps?fieldValidation=Strict`,
    { body: { ...configMap('a'), foo: 1 } },
    400,
    'BadRequest',
    /strict decoding error: unknown field "foo"/,
  ],
  [
    `DELETE ${NS}/services/kubernetes`,
    { body: { propagationPolicy: 'Sideways' } },
    422,
    'Invalid',
    /propagationPolicy/,
  ],
  [
    `PATCH ${NS}/services/kubernetes`,
    { body: {}, type: 'application/apply-patch+yaml' },
    400,
    'BadRequest',
    /fieldManager/,
  ],
];

/** Aliases of aliases: a few hundred bytes that would become gigabytes. */
function bomb(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  return lines.join('\n');
}

for (const [line, options, status, reason, message] of WRONG) {
  test(`${line.slice(0, 90)} → ${status} ${reason}`, async t => {
    const { request } = startServer(t);
    const { body } = await request(line, options);
    assert.equal(body.kind, 'Status', JSON.stringify(body).slice(0, 300));
    assert.equal(body.status, 'Failure');
    assert.equal(body.code, status, body.message);
    assert.equal(body.reason, reason);
    if (typeof message === 'string') assert.equal(body.message, message);
    else assert.match(body.message, message);
  });
}

test('a stale resourceVersion is a conflict in the words that clients look for', async t => {
  const { request } = startServer(t);
  const made = (await request(`POST ${DEPLOY}`, { body: deployment('web') })).body;
  await request(`PUT ${DEPLOY}/web`, { body: { ...made, spec: { ...made.spec, replicas: 3 } } });
  const { body } = await request(`PUT ${DEPLOY}/web`, { body: made });
  assert.equal(body.code, 409);
  assert.equal(
    body.message,
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
  );
  assert.deepEqual(body.details, { name: 'web', group: 'apps', kind: 'deployments' });
});

test('unknown fields are dropped with a warning unless the request is strict', async t => {
  const { request } = startServer(t);
  const body = { ...deployment('web') };
  const odd = { ...body, spec: { ...body.spec, replicaz: 3 } };
  const made = await request(`POST ${DEPLOY}?fieldValidation=Warn`, { body: odd });
  assert.equal(made.status, 201);
  assert.equal(made.headers.warning, '299 - "unknown field \\"spec.replicaz\\""');
  assert.equal(made.body.spec.replicaz, undefined);
  const quiet = await request(`POST ${DEPLOY}?fieldValidation=Ignore`, {
    body: { ...odd, metadata: { name: 'web2' } },
  });
  assert.equal(quiet.headers.warning, undefined);
});

test('who has no certificate learns only that the server lives', async t => {
  const { request } = startServer(t);
  const user = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
  for (const path of ['/livez', '/readyz', '/healthz', '/version'])
    assert.equal((await request(`GET ${path}`, { user })).status, 200, path);
  for (const path of [
    '/',
    '/api',
    '/apis',
    '/openapi/v2',
    '/api/v1/pods',
    '/api/v1/secrets',
    '/nothing',
    '/livezz',
    '/version/../api',
  ]) {
    const { status } = await request(`GET ${path}`, { user });
    assert.ok(status === 401 || status === 404, `${path}: ${status}`);
    if (path.startsWith('/api')) assert.equal(status, 401);
  }
});
