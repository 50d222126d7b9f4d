/** Who changed nftables is told from the ruleset's generation: a port's own batches are none of others' changes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openKernel } from '../../src/host/kernel-port.js';
import type { Operation } from '../../src/kernel/port.js';
import * as o from '../suites/kernel-objects.js';
import { freshNamespace, noNamespaces } from './namespaces.js';

describe('foreign changes of nftables', { skip: noNamespaces() }, () => {
  const add = (...objects: Operation['object'][]) => objects.map((object): Operation => ({ verb: 'add', object }));
  const inside = (story: (ours: ReturnType<typeof openKernel>, other: ReturnType<typeof openKernel>) => void) => {
    const namespace = freshNamespace('foreign');
    const ours = openKernel(namespace.path);
    const other = openKernel(namespace.path);
    try {
      story(ours, other);
    } finally {
      ours.close();
      other.close();
      namespace.close();
    }
  };

  it('own batches, refused ones and reads are none; another socket’s are one', () =>
    inside((ours, other) => {
      const before = ours.foreignChanges!();
      assert.deepEqual(ours.apply(add(o.table, o.chain('a'))), []);
      assert.deepEqual(ours.apply(add(o.chain('b'))), []);
      assert.notDeepEqual(ours.apply(add(o.chain('c', o.says(o.jump('nowhere'))))), []);
      other.read();
      assert.equal(ours.foreignChanges!(), before);
      assert.deepEqual(other.apply(add(o.chain('d'))), []);
      assert.deepEqual(ours.apply(add(o.chain('e'))), []);
      const after = ours.foreignChanges!();
      assert.notEqual(after, before);
      assert.equal(ours.foreignChanges!(), after);
    }));

  it('what is added and is there already leaves the count alone', () =>
    inside(ours => {
      ours.apply(add(o.table, o.chain('a')));
      const before = ours.foreignChanges!();
      assert.deepEqual(ours.apply(add(o.table, o.chain('a'))), []);
      assert.equal(ours.foreignChanges!(), before);
    }));
});
