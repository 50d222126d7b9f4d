import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeProtobuf } from '../../src/apiserver/protobuf/decode.js';
import { MESSAGES } from '../../src/apiserver/protobuf/messages.js';
import { builtinResources } from '../../src/objects/resources.js';
import type { ObjectShape, Schema } from '../../src/objects/schema.js';

/** A field with a length: text, bytes or a message of other fields. Numbers below 16 and lengths below 128 take one byte. */
function field(number: number, ...content: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(content.map(part => Buffer.from(part)));
  const tag = (number << 3) | 2;
  const varint = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
  return Buffer.concat([Buffer.from([...varint(tag), ...varint(bytes.length)]), bytes]);
}

/** A field with a small number. */
const number = (field: number, value: number) => Buffer.from([field << 3, value]);

const labels = (number: number) => field(number, field(1, 'app'), field(2, 'web'));
/** What Go writes of metadata that was never set: generateName, namespace, …, a zero creationTimestamp. */
const unset = [field(2), field(3), field(4), field(5), field(6), number(7, 0), field(8)];

/** A Deployment as `kubectl create deployment web --image=nginx --replicas=0` (1.32) sends it. */
const DEPLOYMENT = Buffer.concat([
  Buffer.from('k8s\0'),
  field(1, field(1, 'apps/v1'), field(2, 'Deployment')),
  field(
    2,
    field(1, field(1, 'web'), ...unset, labels(11)),
    field(
      2,
      number(1, 0), // replicas
      field(2, labels(1)), // selector
      field(
        3,
        field(1, field(1), ...unset, labels(11)),
        field(2, field(2, field(1, 'nginx'), field(2, 'nginx'), field(5), field(8), field(13), field(14))),
      ),
      field(4, field(1)), // strategy
      number(5, 0), // minReadySeconds
    ),
    field(3, number(1, 0)), // status
  ),
  field(3),
  field(4),
]);

test('a Deployment in protobuf is the object that it is in JSON', () => {
  assert.deepEqual(decodeProtobuf(DEPLOYMENT), {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', resources: {} }] },
        },
        strategy: {},
      },
      status: { observedGeneration: 0 },
    },
  });
});

test('bytes that are cut anywhere are a described error or another object, never an exception', () => {
  for (let end = 0; end < DEPLOYMENT.length; end++) {
    const result = decodeProtobuf(DEPLOYMENT.subarray(0, end));
    if ('error' in result) assert.match(result.error, /cut off|prefix|not known/);
  }
});

test('any flipped byte is a described error or another object, never an exception', () => {
  for (let at = 0; at < DEPLOYMENT.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const damaged = Buffer.from(DEPLOYMENT);
      damaged[at]! ^= mask;
      const result = decodeProtobuf(damaged);
      assert.ok('object' in result || typeof result.error === 'string');
    }
  }
});

/** Members of Go structs that JSON shows in the struct around them, and what our schemas do not know on purpose. */
const NOT_IN_SCHEMA =
  /^(volumeSource|handler|localObjectReference|ephemeralContainerCommon|ingressRuleValue|modifyVolumeStatus|allocatedResourcesStatus)$/;

test('every field of the table is a field of the schema of the same name', () => {
  const table = new Map(
    MESSAGES.trim()
      .split('\n')
      .map(line => [
        line.split(' ')[0]!,
        line
          .split(' ')
          .slice(1)
          .map(field => field.split('=')[0]!),
      ]),
  );
  const schemas = new Map<string, ObjectShape>();
  const visit = (schema: Schema): void => {
    if (schema.type === 'list') visit(schema.item);
    if (schema.type === 'dict') visit(schema.value);
    if (schema.type !== 'object' || (schema.name && schemas.has(schema.name))) return;
    if (schema.name) schemas.set(schema.name, schema);
    Object.values(schema.fields).forEach(visit);
  };
  for (const resource of builtinResources) visit(resource.schema);
  let compared = 0;
  for (const [name, schema] of schemas) {
    const fields = table.get(name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis)\./, ''));
    if (!fields) continue;
    compared++;
    const strangers = fields.filter(field => !Object.hasOwn(schema.fields, field) && !NOT_IN_SCHEMA.test(field));
    assert.deepEqual(strangers, [], name);
  }
  assert.ok(compared > 150, `${compared} messages compared`);
});
