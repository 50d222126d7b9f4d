/** What becomes of JSON as it arrives: unknown and duplicate fields are named, wrong types refused, the rest is as Kubernetes keeps it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'yaml';
import { decode, duplicateFields } from '../../src/objects/decode.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resourceOf } from './help.js';

function decoded(yaml: string) {
  const json = parse(yaml) as KubeObject;
  return decode(resourceOf(json), json);
}

test('unknown fields are named with their path and dropped, wherever they stand', () => {
  const { object, unknown, errors } = decoded(`
apiVersion: v1
kind: Pod
metadata: {name: a, colour: red}
spec:
  foo: 1
  containers: [{name: c, imaeg: x, ports: [{containerPort: 80, prot: TCP}]}]
  nodeSelector: {anything: goes}`);
  assert.deepEqual(unknown, [
    'unknown field "metadata.colour"',
    'unknown field "spec.foo"',
    'unknown field "spec.containers[0].imaeg"',
    'unknown field "spec.containers[0].ports[0].prot"',
  ]);
  assert.deepEqual(errors, []);
  assert.deepEqual(object.spec, {
    containers: [{ name: 'c', ports: [{ containerPort: 80 }] }],
    nodeSelector: { anything: 'goes' },
  });
});

function refuses(yaml: string, field: string, message: RegExp): void {
  test(`${field} is refused: ${message.source}`, () => {
    const { errors } = decoded(yaml);
    assert.deepEqual(
      errors.map(error => error.field),
      [field],
    );
    assert.match(errors[0]!.message, message);
  });
}

const service = (spec: string) => `{apiVersion: v1, kind: Service, metadata: {name: a}, spec: ${spec}}`;
refuses(service('{ports: [{port: "80"}]}'), 'spec.ports[0].port', /cannot unmarshal string .* of type int32/);
refuses(service('{ports: {port: 80}}'), 'spec.ports', /cannot unmarshal object .* of type list/);
refuses(service('{ports: [{port: 8.5}]}'), 'spec.ports[0].port', /number 8.5/);
refuses(service('{ports: [{port: 99999999999}]}'), 'spec.ports[0].port', /number 99999999999/);
refuses(service('{selector: {app: 1}}'), 'spec.selector.app', /cannot unmarshal number 1 .* of type string/);
refuses(service('[]'), 'spec', /cannot unmarshal array/);
refuses(
  '{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: "!"}}',
  'data.x',
  /illegal base64 data at input byte 0/,
);
refuses(
  '{apiVersion: v1, kind: Lease, metadata: {name: a}}'
    .replace('v1, kind: Lease', 'coordination.k8s.io/v1, kind: Lease')
    .replace('}}', '}, spec: {renewTime: now}}'),
  'spec.renewTime',
  /parsing time "now"/,
);
refuses(
  '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, resources: {limits: {cpu: lots}}}]}}',
  'spec.containers[0].resources.limits.cpu',
  /quantities must match the regular expression/,
);

test('quantities and times become canonical, null is absence', () => {
  const { object } = decoded(`
apiVersion: v1
kind: Pod
metadata: {name: a, creationTimestamp: null, labels: {x: null}}
spec: {nodeName: null, containers: [{name: c, resources: {requests: {cpu: 0.5, memory: 1024Mi}}}]}
status: {startTime: "2026-01-02T03:04:05+01:00"}`);
  assert.deepEqual(object, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels: { x: '' } },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '500m', memory: '1Gi' } } }] },
    status: { startTime: '2026-01-02T02:04:05Z' },
  });
});

test('keys named like properties of objects are ordinary keys', () => {
  const text =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"__proto__":"x","constructor":"y"}},"data":{"__proto__":"z"}}';
  const { object, unknown } = decode(resourceOf({ apiVersion: 'v1', kind: 'ConfigMap' }), JSON.parse(text));
  assert.equal(JSON.stringify(object), text);
  assert.deepEqual(unknown, []);
});

test('no JSON makes decoding throw', () => {
  for (const json of [null, 1, 'x', [], {}, { spec: null }, { metadata: 7 }, { spec: { containers: [null, 1, []] } }]) {
    assert.ok(decode(resourceOf({ apiVersion: 'v1', kind: 'Pod' }), json).unknown);
  }
});

test('duplicate fields are found in the text, also behind escapes and in lists', () => {
  const text = '{"spec":{"a":1,"b":[{"x":"}","x":2},{"x":1}],"\\u0061":2},"metadata":{"a":{"a":1}}}';
  assert.deepEqual(duplicateFields(text), ['duplicate field "spec.b[0].x"', 'duplicate field "spec.a"']);
});
