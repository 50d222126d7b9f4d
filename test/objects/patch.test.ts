/** JSON patch, merge patch and strategic merge patch: the RFCs' own examples, Kubernetes' directives, and what must never happen. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { jsonPatch } from '../../src/objects/patch/json-patch.js';
import { mergePatch } from '../../src/objects/patch/merge-patch.js';
import type { Patched } from '../../src/objects/patch/result.js';
import { strategicMergePatch } from '../../src/objects/patch/strategic.js';
import { resources } from '../../src/objects/resources.js';

function gives(title: string, patched: Patched, expected: unknown): void {
  test(title, () => assert.deepEqual('value' in patched ? patched.value : patched, expected));
}

function refuses(title: string, patched: Patched, status: number, error: RegExp): void {
  test(title, () => {
    assert.ok('error' in patched, JSON.stringify(patched));
    assert.equal(patched.status, status);
    assert.match(patched.error, error);
  });
}

// RFC 6902, appendix A.
gives('A.1 add a member', jsonPatch({ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }]), {
  baz: 'qux',
  foo: 'bar',
});
gives('A.2 add an element', jsonPatch({ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }]), {
  foo: ['bar', 'qux', 'baz'],
});
gives('A.3 remove a member', jsonPatch({ baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }]), { foo: 'bar' });
gives('A.4 remove an element', jsonPatch({ foo: ['a', 'b', 'c'] }, [{ op: 'remove', path: '/foo/1' }]), {
  foo: ['a', 'c'],
});
gives('A.5 replace', jsonPatch({ baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }]), { baz: 'boo' });
gives(
  'A.6 move',
  jsonPatch({ foo: { waldo: 'fred' }, qux: {} }, [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }]),
  { foo: {}, qux: { thud: 'fred' } },
);
gives(
  'A.7 move an element',
  jsonPatch({ foo: ['all', 'grass', 'cows', 'eat'] }, [{ op: 'move', from: '/foo/1', path: '/foo/3' }]),
  { foo: ['all', 'cows', 'eat', 'grass'] },
);
gives('A.8 test', jsonPatch({ baz: 'qux', foo: ['a', 2] }, [{ op: 'test', path: '/foo/1', value: 2 }]), {
  baz: 'qux',
  foo: ['a', 2],
});
refuses(
  'A.9 test fails',
  jsonPatch({ baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]),
  422,
  /testing value \/baz failed/,
);
refuses(
  'A.12 add below what is not there',
  jsonPatch({ foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]),
  422,
  /\/baz does not exist/,
);
gives('A.14 escaped pointers', jsonPatch({ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }]), {
  '/': 9,
  '~1': 10,
});
gives('A.16 append', jsonPatch({ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc'] }]), {
  foo: ['bar', ['abc']],
});
gives('copy', jsonPatch({ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }]), { a: { b: 1 }, c: { b: 1 } });
refuses('remove what is not there', jsonPatch({}, [{ op: 'remove', path: '/a' }]), 422, /\/a does not exist/);
refuses(
  'an index beyond the end',
  jsonPatch({ a: [] }, [{ op: 'add', path: '/a/1', value: 1 }]),
  422,
  /index 1 is beyond/,
);
refuses('into itself', jsonPatch({ a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }]), 422, /into itself/);
refuses('an unknown operation', jsonPatch({}, [{ op: 'burn', path: '/a' }]), 422, /Unexpected kind: burn/);
refuses('a path that is none', jsonPatch({}, [{ op: 'add', path: 'a', value: 1 }]), 422, /no JSON pointer/);
refuses('not a list', jsonPatch({}, { op: 'add' }), 400, /must be a list/);
refuses('not an operation', jsonPatch({}, [null]), 400, /needs op and path/);
refuses(
  'too many',
  jsonPatch({}, new Array(10_001).fill({ op: 'test', path: '', value: {} })),
  413,
  /10000, got 10001/,
);

test('a patch to __proto__ makes an own key and touches no prototype', () => {
  const patched = jsonPatch({ labels: {} }, [{ op: 'add', path: '/labels/__proto__', value: 'x' }]);
  assert.ok('value' in patched);
  assert.equal(JSON.stringify(patched.value), '{"labels":{"__proto__":"x"}}');
  const merged = mergePatch(
    {},
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  );
  assert.ok('value' in merged);
  assert.equal(
    JSON.stringify(merged.value),
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  );
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  refuses(
    'a path through a prototype',
    jsonPatch({}, [{ op: 'add', path: '/__proto__/x', value: 1 }]),
    422,
    /does not exist/,
  );
});

// RFC 7386, appendix A, the cases in which document and patch are objects.
const MERGES: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
for (const [document, patch, expected] of MERGES)
  gives(`merge ${JSON.stringify(patch)} into ${JSON.stringify(document)}`, mergePatch(document, patch), expected);
refuses('a merge patch that is a list', mergePatch({}, []), 400, /must be a JSON object/);

const pod = (patch: unknown, spec: unknown) => {
  const result = strategicMergePatch({ spec }, { spec: patch }, resources.pods.schema);
  return 'value' in result ? { value: (result.value as { spec: unknown }).spec } : result;
};
const two = {
  containers: [
    { name: 'a', image: '1' },
    { name: 'b', image: '1' },
  ],
};

gives('a container is found by its name', pod({ containers: [{ name: 'b', image: '2' }] }, two), {
  containers: [
    { name: 'a', image: '1' },
    { name: 'b', image: '2' },
  ],
});
gives('a new one is appended', pod({ containers: [{ name: 'c' }] }, two), {
  containers: [...two.containers, { name: 'c' }],
});
gives('$patch: delete takes an item away', pod({ containers: [{ name: 'a', $patch: 'delete' }] }, two), {
  containers: [{ name: 'b', image: '1' }],
});
gives('$patch: replace replaces the list', pod({ containers: [{ $patch: 'replace' }, { name: 'c' }] }, two), {
  containers: [{ name: 'c' }],
});
gives(
  '$patch: replace replaces a map',
  pod({ nodeSelector: { $patch: 'replace', b: '2' } }, { nodeSelector: { a: '1' } }),
  { nodeSelector: { b: '2' } },
);
gives(
  '$patch: delete empties a map',
  pod({ securityContext: { $patch: 'delete' } }, { securityContext: { runAsUser: 1 } }),
  { securityContext: {} },
);
gives('null takes a field away', pod({ containers: [{ name: 'a', image: null }] }, two), {
  containers: [{ name: 'a' }, { name: 'b', image: '1' }],
});
gives('an atomic list is replaced', pod({ tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'a' }] }), {
  tolerations: [{ key: 'b' }],
});
gives('$setElementOrder orders', pod({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, two), {
  containers: [two.containers[1], two.containers[0]],
});
gives(
  '$setElementOrder leaves the server its own where they were',
  pod(
    { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b', image: '2' }] },
    { containers: [{ name: 'x' }, ...two.containers] },
  ),
  { containers: [{ name: 'x' }, { name: 'b', image: '2' }, { name: 'a', image: '1' }] },
);
gives(
  '$retainKeys changes the source of a volume',
  pod(
    { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] },
    { volumes: [{ name: 'v', emptyDir: {} }] },
  ),
  { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
);
gives(
  'finalizers are a set',
  strategicMergePatch(
    { metadata: { finalizers: ['a/b', 'c/d'] } },
    { metadata: { finalizers: ['c/d', 'e/f'] } },
    resources.pods.schema,
  ),
  { metadata: { finalizers: ['a/b', 'c/d', 'e/f'] } },
);
gives(
  '$deleteFromPrimitiveList',
  strategicMergePatch(
    { metadata: { finalizers: ['a/b', 'c/d'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/b'] } },
    resources.pods.schema,
  ),
  { metadata: { finalizers: ['c/d'] } },
);
refuses(
  'an item without its key',
  pod({ containers: [{ image: '2' }] }, two),
  422,
  /does not contain declared merge key: name/,
);
refuses('an unknown directive', pod({ $patch: 'burn' }, two), 422, /unknown patch type: "burn"/);
refuses(
  'retainKeys without the set key',
  pod({ volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] }, {}),
  422,
  /does not name emptyDir/,
);

const json = fc.jsonValue({ maxDepth: 4 });
const document = fc.dictionary(fc.string({ maxLength: 3 }), json, { maxKeys: 4 });

test('a merge patch applied twice is applied once', () => {
  fc.assert(
    fc.property(document, document, (target, patch) => {
      const once = mergePatch(target, patch) as { value: unknown };
      assert.deepEqual(mergePatch(once.value, patch), once);
    }),
  );
});

test('no patch of any kind throws, and none changes its input', () => {
  fc.assert(
    fc.property(document, json, (target, patch) => {
      const before = JSON.stringify(target);
      mergePatch(target, patch);
      jsonPatch(target, patch);
      strategicMergePatch(target, patch, resources.deployments.schema);
      assert.equal(JSON.stringify(target), before);
    }),
  );
});

test('no sequence of operations throws', () => {
  const path = fc
    .array(fc.constantFrom('', 'a', 'b', '0', '1', '-', '__proto__', 'length', '~0', '01'), { maxLength: 3 })
    .map(steps => steps.map(step => `/${step}`).join(''));
  const operation = fc.record(
    { op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'), path, from: path, value: json },
    { requiredKeys: ['op', 'path'] },
  );
  fc.assert(
    fc.property(
      fc.constantFrom<unknown>({}, { a: [1, { b: 2 }] }, [], [[0]], { a: { b: null } }),
      fc.array(operation, { maxLength: 5 }),
      (target, patch) => {
        const result = jsonPatch(target, patch);
        assert.ok('value' in result || [400, 422].includes(result.status));
      },
    ),
  );
});
