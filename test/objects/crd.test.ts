/** Custom resources: a CRD becomes a resource, whose objects are pruned, defaulted, validated and printed as its schema says. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { resourcesOfCrd } from '../../src/objects/crd.js';
import { decode } from '../../src/objects/decode.js';
import { applyDefaults } from '../../src/objects/defaults.js';
import type { CustomResourceDefinition, KubeObject } from '../../src/objects/kinds.js';
import { openapiV3 } from '../../src/objects/openapi/v3.js';
import { apply } from '../../src/objects/patch/apply.js';
import { prepareCreate } from '../../src/objects/prepare.js';
import { table } from '../../src/objects/print/table.js';
import { resources } from '../../src/objects/resources.js';
import { describeErrors, validate } from '../../src/objects/validate.js';
import { defaulted, errorsOf } from './help.js';

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tunnels.net.example.com}
spec:
  group: net.example.com
  scope: Namespaced
  names: {plural: tunnels, kind: Tunnel, shortNames: [tn]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Remote, type: string, jsonPath: .spec.remote}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Mtu, type: integer, jsonPath: .spec.mtu, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [remote]
            properties:
              remote: {type: string, format: ipv4}
              mode: {type: string, enum: [vxlan, gre], default: vxlan}
              mtu: {type: integer, minimum: 576, maximum: 9000, default: 1450}
              name: {type: string, pattern: '^[a-z]+$', minLength: 2, maxLength: 4}
              port: {x-kubernetes-int-or-string: true}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              tags: {type: array, items: {type: string}, x-kubernetes-list-type: set, maxItems: 3}
              routes:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [to]
                items: {type: object, required: [to], properties: {to: {type: string}, via: {type: string, nullable: true}}}
              labels: {type: object, additionalProperties: {type: string}}
          status:
            type: object
            properties:
              conditions: {type: array, items: {type: object, properties: {type: {type: string}, status: {type: string}}}}
`;

const [tunnels] = resourcesOfCrd(defaulted(CRD) as CustomResourceDefinition) as [
  ReturnType<typeof resourcesOfCrd>[number],
];

const tunnel = (spec: string) =>
  parse(
    `{apiVersion: net.example.com/v1, kind: Tunnel, metadata: {name: a, namespace: x}, spec: ${spec}}`,
  ) as KubeObject;

test('a CRD is good, and becomes a resource', () => {
  assert.deepEqual(errorsOf(CRD), []);
  const { group, version, kind, plural, singular, shortNames, namespaced, subresources } = tunnels;
  assert.deepEqual(
    [group, version, kind, plural, singular, shortNames, namespaced, subresources],
    ['net.example.com', 'v1', 'Tunnel', 'tunnels', 'tunnel', ['tn'], true, ['status']],
  );
});

test('unknown fields are pruned and named, free ones kept, defaults filled in', () => {
  const { object, unknown } = decode(
    tunnels,
    tunnel('{remote: 10.0.0.1, colour: red, free: {anything: [1]}, routes: [{to: a, via: null, by: b}]}'),
  );
  assert.deepEqual(unknown, ['unknown field "spec.colour"', 'unknown field "spec.routes[0].by"']);
  assert.deepEqual(applyDefaults(tunnels, object).spec, {
    remote: '10.0.0.1',
    free: { anything: [1] },
    routes: [{ to: 'a', via: null }],
    mode: 'vxlan',
    mtu: 1450,
  });
});

function check(spec: string, ...errors: string[]): void {
  test(`${spec}: ${errors[0] ?? 'good'}`, () => {
    const { object } = decode(tunnels, tunnel(spec));
    assert.deepEqual(
      validate(tunnels, object).map(error => describeErrors([error])),
      errors,
    );
  });
}

check('{remote: 10.0.0.1, port: 80, tags: [a, b], labels: {a: b}}');
check('{remote: 10.0.0.1, port: http}');
check('{}', 'spec.remote: Required value');
check('{remote: 7}', 'spec.remote: Invalid value: "integer": spec.remote in body must be of type string: "integer"');
check('{remote: "::1"}', 'spec.remote: Invalid value: "::1": spec.remote in body must be of type ipv4: "::1"');
check('{remote: 10.0.0.1, mode: ipip}', 'spec.mode: Unsupported value: "ipip": supported values: "vxlan", "gre"');
check(
  '{remote: 10.0.0.1, mtu: 100}',
  'spec.mtu: Invalid value: 100: spec.mtu in body should be greater than or equal to 576',
);
check(
  '{remote: 10.0.0.1, mtu: 1.5}',
  'spec.mtu: Invalid value: "number": spec.mtu in body must be of type integer: "number"',
);
check(
  '{remote: 10.0.0.1, name: A}',
  'spec.name: Invalid value: "A": spec.name in body should be at least 2 chars long',
  'spec.name: Invalid value: "A": spec.name in body should match \'^[a-z]+$\'',
);
check('{remote: 10.0.0.1, name: abcde}', 'spec.name: Too long: may not be more than 4 bytes');
check(
  '{remote: 10.0.0.1, port: true}',
  'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
);
check('{remote: 10.0.0.1, tags: [a, a]}', 'spec.tags[1]: Duplicate value: "a"');
check('{remote: 10.0.0.1, tags: [a, b, c, d]}', 'spec.tags: Too many: 4: must have at most 3 items');
check('{remote: 10.0.0.1, routes: [{to: a}, {to: a}]}', 'spec.routes[1]: Duplicate value: {"to":"a"}');
check(
  '{remote: 10.0.0.1, labels: {a: 1}}',
  'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
);

test('columns come from the CRD', () => {
  const object = {
    ...tunnel('{remote: 10.0.0.1, mtu: 1500}'),
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const aged = { ...object, metadata: { ...object.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } };
  const { columnDefinitions, rows } = table(tunnels, [aged, tunnel('{}')], { now: new Date('2026-01-01T00:01:00Z') });
  assert.deepEqual(
    columnDefinitions.map(({ name, type, priority }) => `${name} ${type} ${priority}`),
    ['Name string 0', 'Remote string 0', 'Ready string 0', 'Mtu integer 1', 'Age date 0'],
  );
  assert.deepEqual(
    rows.map(row => row.cells),
    [
      ['a', '10.0.0.1', 'True', 1500, '60s'],
      ['a', null, null, null, null],
    ],
  );
});

test('server-side apply knows the list types of the CRD', () => {
  const one = apply({
    resource: tunnels,
    config: tunnel('{routes: [{to: a, via: x}], tags: [t]}'),
    manager: 'm',
    force: false,
    now: '',
  });
  assert.ok('object' in one);
  const two = apply({
    resource: tunnels,
    live: one.object,
    config: tunnel('{routes: [{to: b}], tags: [u]}'),
    manager: 'n',
    force: false,
    now: '',
  });
  assert.ok('object' in two);
  const { routes, tags } = two.object.spec as { routes: { to: string }[]; tags: string[] };
  assert.deepEqual(
    [routes.map(route => route.to).sort(), [...tags].sort()],
    [
      ['a', 'b'],
      ['t', 'u'],
    ],
  );
});

const broken = (schema: string) =>
  `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: as.b.c}, spec: {group: b.c, scope: Cluster, names: {plural: as, kind: A}, versions: [{name: v1, served: true, storage: true${schema}}]}}`;

for (const [schema, error] of [
  ['', 'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
  [
    ', schema: {openAPIV3Schema: {type: object, properties: {x: {}}}}',
    'spec.versions[0].schema.openAPIV3Schema.properties[x].type: Required value: must not be empty for specified object fields',
  ],
  [
    ', schema: {openAPIV3Schema: {type: object, properties: {x: {type: array}}}}',
    'spec.versions[0].schema.openAPIV3Schema.properties[x].items: Required value: must be specified',
  ],
  [
    ', schema: {openAPIV3Schema: {type: object, properties: {x: {type: string, pattern: "("}}}}',
    'spec.versions[0].schema.openAPIV3Schema.properties[x].pattern: Invalid value: "(": must be a valid regular expression',
  ],
] as const) {
  test(error, () => assert.deepEqual(errorsOf(broken(schema)), [error]));
}

test('the name of a CRD is made of its names', () => {
  assert.deepEqual(errorsOf(CRD.replace('name: tunnels.net', 'name: tunnel.net')), [
    'metadata.name: Invalid value: "tunnel.net.example.com": must be spec.names.plural+"."+spec.group',
  ]);
});

// Public CRDs, which lie beside the checkout where somebody put them.
const FOLDER = join(process.cwd(), '../shared/data/crds');
const files = existsSync(FOLDER)
  ? readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter(name => /\.ya?ml$/.test(name))
  : [];

test('public CRDs', { skip: files.length === 0 && 'no folder ../shared/data/crds beside the checkout' }, async t => {
  for (const file of files) {
    await t.test(file, () => {
      const documents = parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')).map(
        document => document.toJS() as KubeObject | null,
      );
      for (const json of documents) {
        if (json?.kind !== 'CustomResourceDefinition') continue;
        const { object, unknown, errors } = decode(resources.customresourcedefinitions, json);
        assert.deepEqual([unknown, errors], [[], []]);
        const crd = prepareCreate(
          resources.customresourcedefinitions,
          applyDefaults(resources.customresourcedefinitions, object),
        );
        assert.deepEqual(validate(resources.customresourcedefinitions, crd), []);
        const served = resourcesOfCrd(crd);
        assert.ok(served.length > 0);
        for (const resource of served) {
          const empty = {
            apiVersion: `${resource.group}/${resource.version}`,
            kind: resource.kind,
            metadata: { name: 'a' },
          };
          assert.ok(Array.isArray(validate(resource, applyDefaults(resource, decode(resource, empty).object))));
        }
        assert.ok(JSON.stringify(openapiV3(served)).includes('x-kubernetes-group-version-kind'));
      }
    });
  }
});
