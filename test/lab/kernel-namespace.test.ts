/** Namespaces, and what a KernelPort does in them that the suite for all ports does not ask. */

import assert from 'node:assert/strict';
import { readlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openKernel } from '../../src/host/kernel-port.js';
import {
  createNamespace,
  holdNamespace,
  isNamespace,
  removeNamespace,
  withNamespace,
} from '../../src/host/namespace.js';
import { key } from '../../src/kernel/kinds.js';
import type { KernelObject, KernelPort, Operation } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';
import * as o from '../suites/kernel-objects.js';
import { freshNamespace, noNamespaces } from './namespaces.js';

const here = () => readlinkSync('/proc/thread-self/ns/net');
const add = (object: KernelObject): Operation => ({ verb: 'add', object });
const remove = (object: KernelObject): Operation => ({ verb: 'delete', object });

/** A story in a namespace of its own; all is gone afterwards. */
function inside(
  title: string,
  story: (at: { readonly path: string; readonly port: KernelPort }) => void | Promise<void>,
): void {
  it(title, async () => {
    const namespace = freshNamespace('namespace');
    const port = openKernel(namespace.path);
    try {
      await story({ path: namespace.path, port });
    } finally {
      port.close();
      namespace.close();
    }
  });
}

describe('network namespaces', { skip: noNamespaces() }, () => {
  inside('a thread goes in and comes back, also from within and after an error', ({ path }) => {
    const other = freshNamespace('other');
    try {
      const outer = here();
      const seen = withNamespace(path, () => [here(), withNamespace(other.path, here), here()]);
      assert.equal(new Set([outer, ...seen]).size, 3);
      assert.equal(seen[0], seen[2]);
      assert.throws(() => withNamespace(path, () => assert.fail('inside')), { message: 'inside' });
      assert.throws(() => withNamespace(path, async () => {}), TypeError);
      assert.throws(() => withNamespace('/run/netns/pwt-none', here), { code: 'ENOENT' });
      assert.equal(here(), outer);
    } finally {
      other.close();
    }
  });

  inside('each thread is somewhere by itself', async ({ path }) => {
    const module = new URL('../../src/host/namespace.js', import.meta.url).href;
    const code = `
      const { parentPort } = require('node:worker_threads');
      const { readlinkSync } = require('node:fs');
      const here = () => readlinkSync('/proc/thread-self/ns/net');
      import(${JSON.stringify(module)}).then(({ withNamespace }) =>
        parentPort.postMessage([here(), withNamespace(${JSON.stringify(path)}, here), here()]));`;
    const worker = new Worker(code, { eval: true });
    const [before, there, after] = await new Promise<string[]>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    assert.deepEqual([before, after], [here(), here()]);
    assert.equal(there, withNamespace(path, here));
  });

  it('a namespace is made once, removed twice, and told from a plain file', () => {
    const { path } = freshNamespace('once');
    assert.ok(isNamespace(path));
    assert.throws(() => createNamespace(path), { code: 'EEXIST' });
    removeNamespace(path);
    removeNamespace(path);
    assert.ok(!isNamespace(path));
    // What a kill between open and mount leaves behind.
    writeFileSync(path, '');
    assert.ok(!isNamespace(path));
    removeNamespace(path);
    assert.throws(() => unlinkSync(path), { code: 'ENOENT' });
  });

  it('what is held stays, though its path goes', () => {
    const { path } = freshNamespace('held');
    const inode = withNamespace(path, here);
    const held = holdNamespace(path);
    const port = openKernel(path);
    removeNamespace(path);
    assert.equal(held.run(here), inode);
    assert.deepEqual(port.apply([add(o.table), add(o.sysctl('net/ipv4/ip_forward', '1'))]), []);
    assert.ok(port.read(['table']).has(key(o.table)));
    port.close();
    held.close();
  });

  inside('a port opened inside keeps to its namespace, nftables as well', ({ path, port }) => {
    const own = withNamespace(path, () => openKernel());
    assert.deepEqual(own.apply([add(o.table), add(o.bridge('pw-br0'))]), []);
    own.close();
    assert.ok(port.read().has(key(o.table)));
    assert.ok(port.read().has('link pw-br0'));
  });

  inside('settings are those of the namespace', ({ port }) => {
    const forward = o.sysctl('net/ipv4/ip_forward', '1');
    assert.deepEqual(port.apply([add(forward)]), []);
    assert.deepEqual(port.read(['sysctl']).get(key(forward)), forward);
    for (const name of ['net/../kernel/hostname', 'kernel/hostname', 'net/ipv4/none'])
      assert.equal(port.apply([add(o.sysctl(name, 'x'))])[0]?.errno, 'ENOENT');
  });

  inside('links that go together go in a group, the missing and the last alone included', ({ port }) => {
    const links = Array.from({ length: 40 }, (_, i) => o.veth(`pw${i}`, { peer: { name: `far${i}` } }));
    assert.deepEqual(port.apply([add(o.bridge('keep')), ...links.map(add)]), []);
    const twice = [links[0]!, o.veth('pw-none'), ...links.slice(1), links[0]!];
    assert.deepEqual(port.apply(twice.map(remove)), []);
    assert.deepEqual([...port.read(['link']).keys()].sort(), ['link keep', 'link lo']);
    // Loopback refuses, and stops nobody.
    const lo: KernelObject = { kind: 'link', type: 'other', driver: '', name: 'lo', up: false };
    assert.deepEqual(
      port.apply([lo, o.bridge('keep')].map(remove)).map(({ errno }) => errno),
      ['EOPNOTSUPP'],
    );
    assert.deepEqual([...port.read(['link']).keys()], ['link lo']);
  });

  inside('of ten thousand elements the one that is wrong is named, and none is there', ({ port }) => {
    const map = o.set('m', ['ipv4_addr'], { data: ['ipv4_addr', 'inet_service'] });
    const one = (i: number, at: string) =>
      o.element('m', [new Ip(Uint8Array.of(10, 1, i >> 8, i & 255))], [o.ip(at), 80]);
    const elements = Array.from({ length: 10_000 }, (_, i) => one(i, '10.0.0.1'));
    assert.deepEqual(port.apply([o.table, map, one(7_777, '10.0.0.2')].map(add)), []);
    const failures = port.apply(elements.map(add)).filter(({ errno }) => errno !== 'ECANCELED');
    assert.deepEqual(
      failures.map(({ operation, errno }) => [key(operation.object), errno]),
      [[key(elements[7_777]!), 'EEXIST']],
    );
    assert.equal(port.read(['element']).size, 1);
    assert.deepEqual(port.apply(elements.map(object => ({ verb: 'replace', object }))), []);
    assert.equal(port.read(['element']).size, 10_000);
  });

  inside('thousands of refusals are no reason to wait for ever', ({ port }) => {
    assert.deepEqual(port.apply([o.table, o.chain('c')].map(add)), []);
    const chains = Array.from({ length: 3_000 }, (_, i) => o.chain(`c${i}`, o.says(o.jump('nowhere'))));
    assert.equal(port.apply(chains.map(add)).length, chains.length);
    assert.equal(port.read(['chain']).size, 1);
  });
});
