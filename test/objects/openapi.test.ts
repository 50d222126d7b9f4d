/** The OpenAPI documents hold what kubectl looks for. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openapiV2 } from '../../src/objects/openapi/v2.js';
import { openapiV3 } from '../../src/objects/openapi/v3.js';
import { apiVersionOf, builtinResources } from '../../src/objects/resources.js';

type Doc = {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters: { name: string; in: string }[];
        requestBody?: { content: object };
        'x-kubernetes-group-version-kind': unknown;
      }
    >
  >;
  components: {
    schemas: Record<string, Record<string, unknown> & { properties: Record<string, Record<string, unknown>> }>;
  };
};

const versions = [...new Set(builtinResources.map(apiVersionOf))];
const documents = new Map(
  versions.map(version => [
    version,
    openapiV3(builtinResources.filter(resource => apiVersionOf(resource) === version)) as unknown as Doc,
  ]),
);
const core = documents.get('v1')!;

test('kubectl apply finds that the server validates fields, and merges strategically', () => {
  const patch = core.paths['/api/v1/namespaces/{namespace}/pods/{name}']!.patch!;
  assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: '', kind: 'Pod', version: 'v1' });
  const query = patch.parameters.filter(parameter => parameter.in === 'query').map(parameter => parameter.name);
  assert.deepEqual(query, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  assert.ok(Object.hasOwn(patch.requestBody!.content, 'application/strategic-merge-patch+json'));
});

test('kubectl explain finds the kind, and the way from it to a field', () => {
  assert.ok(core.paths['/api/v1/namespaces/{namespace}/pods']?.get);
  const { schemas } = core.components;
  assert.deepEqual(schemas['io.k8s.api.core.v1.Pod']?.['x-kubernetes-group-version-kind'], [
    { group: '', kind: 'Pod', version: 'v1' },
  ]);
  const { spec } = schemas['io.k8s.api.core.v1.Pod']!.properties;
  assert.deepEqual(spec?.allOf, [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }]);
  assert.deepEqual(schemas['io.k8s.api.core.v1.PodSpec']?.required, ['containers']);
});

test('merge keys and list types stand where clients look', () => {
  const { ports, env } = core.components.schemas['io.k8s.api.core.v1.Container']!.properties;
  assert.deepEqual(
    [ports!['x-kubernetes-list-map-keys'], ports!['x-kubernetes-patch-merge-key']],
    [['containerPort', 'protocol'], 'containerPort'],
  );
  assert.equal(env!['x-kubernetes-patch-strategy'], 'merge');
  assert.equal(
    core.components.schemas['io.k8s.api.core.v1.PodSpec']!.properties.volumes!['x-kubernetes-patch-strategy'],
    'merge,retainKeys',
  );
});

test('every reference of every document leads somewhere', () => {
  for (const [version, document] of documents) {
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      assert.ok(Object.hasOwn(document.components.schemas, name!), `${version}: ${name}`);
    }
  }
});

/** Length-delimited and varint fields of a Protocol Buffers message. */
function fields(bytes: Uint8Array): [number, Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = (tag & 7) === 2 ? varint() : 0;
    if ((tag & 7) === 0) varint();
    found.push([tag >> 3, bytes.subarray(at, (at += length))]);
  }
  return found;
}

const all = (bytes: Uint8Array, ...path: number[]): Uint8Array[] =>
  path.reduce<Uint8Array[]>(
    (messages, number) =>
      messages.flatMap(message =>
        fields(message)
          .filter(([field]) => field === number)
          .map(([, value]) => value),
      ),
    [bytes],
  );

test('the protobuf of OpenAPI v2 says what its JSON says', () => {
  const json = openapiV2(builtinResources, 'json');
  const protobuf = openapiV2(builtinResources, 'protobuf');
  const document = JSON.parse(json.toString()) as {
    swagger: string;
    paths: Record<string, { patch?: { parameters: { name: string }[] } }>;
  };
  assert.equal(Buffer.from(all(protobuf, 1)[0]!).toString(), document.swagger);
  const items = all(protobuf, 8, 2);
  assert.deepEqual(
    items.map(item => Buffer.from(all(item, 1)[0]!).toString()),
    Object.keys(document.paths),
  );
  const pod = items.find(
    item => Buffer.from(all(item, 1)[0]!).toString() === '/api/v1/namespaces/{namespace}/pods/{name}',
  )!;
  const patch = document.paths['/api/v1/namespaces/{namespace}/pods/{name}']!.patch!;
  assert.deepEqual(
    all(pod, 2, 8, 8, 1, 2, 3, 4).map(name => Buffer.from(name).toString()),
    patch.parameters.map(parameter => parameter.name),
  );
  assert.deepEqual(
    all(pod, 2, 8, 13, 2, 2).map(yaml => JSON.parse(Buffer.from(yaml).toString())),
    [{ group: '', kind: 'Pod', version: 'v1' }],
  );
});

type Definition = {
  properties?: Record<string, Definition>;
  items?: Definition;
  $ref?: string;
  required?: string[];
  type?: string;
};

test('every definition of OpenAPI v2 is in a form that old clients can read', () => {
  const json = openapiV2(builtinResources, 'json');
  const { definitions } = JSON.parse(json.toString()) as { definitions: Record<string, Definition> };
  const look = (schema: Definition): void => {
    const { $ref, properties, items } = schema;
    if ($ref) {
      assert.ok(Object.hasOwn(definitions, $ref.replace('#/definitions/', '')), $ref);
      assert.deepEqual(
        Object.keys(schema).filter(key => key !== '$ref' && key !== 'description'),
        [],
      );
    }
    for (const keyword of ['allOf', 'oneOf', 'nullable']) assert.ok(!Object.hasOwn(schema, keyword), keyword);
    if (schema.type === 'array') assert.ok(items);
    for (const one of Object.values(properties ?? {})) look(one);
    if (items) look(items);
  };
  for (const definition of Object.values(definitions)) look(definition);
  const { containers } = definitions['io.k8s.api.core.v1.PodSpec']!.properties!;
  assert.deepEqual(containers, {
    type: 'array',
    items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  // A field that the server fills in when it is left out may be left out.
  assert.deepEqual(definitions['io.k8s.api.discovery.v1.EndpointSlice']!.required, ['addressType']);
});

test('the definitions of the protobuf are those of the JSON', () => {
  const { definitions } = JSON.parse(openapiV2(builtinResources, 'json').toString()) as { definitions: object };
  const protobuf = openapiV2(builtinResources, 'protobuf');
  const string = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const encoded = all(protobuf, 9, 1).map(one => [string(all(one, 1)[0]), all(one, 2)[0]!] as const);
  assert.deepEqual(
    encoded.map(([name]) => name),
    Object.keys(definitions),
  );
  const spec = new Map(encoded).get('io.k8s.api.core.v1.PodSpec')!;
  const containers = all(spec, 25, 1).find(one => string(all(one, 1)[0]) === 'containers')!;
  assert.equal(string(all(containers, 2, 22, 1)[0]), 'array');
  assert.equal(string(all(containers, 2, 23, 1, 1)[0]), '#/definitions/io.k8s.api.core.v1.Container');
  const extensions = all(containers, 2, 31).map(one => `${string(all(one, 1)[0])}=${string(all(one, 2, 2)[0])}`);
  assert.ok(extensions.includes('x-kubernetes-patch-merge-key="name"'));
});
