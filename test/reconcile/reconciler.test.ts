/** Stories of owners and one kernel: what is touched, what is shared, what a fault costs whom. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeKernel } from '../../src/kernel/fake.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Reconciler } from '../../src/reconcile/reconciler.js';
import * as o from '../suites/kernel-objects.js';

const endpoints = o.set('m', ['ipv4_addr'], { data: ['ipv4_addr'] });
const base: readonly KernelObject[] = [o.table, endpoints];
const endpoint = (service: string, pod: string) => o.element('m', [o.ip(service)], [o.ip(pod)]);
const pod = (name: string) => o.veth(name, { peer: { name: `far-${name}` } });

function start(kernel = new FakeKernel()) {
  let clock = 0;
  const reconciler = new Reconciler(kernel, () => clock);
  const tick = (ms: number) => {
    clock += ms;
  };
  const state = (owner: string) => {
    const status = reconciler.statuses.get(owner);
    return status && (status.state === 'error' ? `error: ${status.error}` : status.state);
  };
  /** What the last flush asked of the kernel. */
  const asked = () => kernel.calls.splice(0).flatMap(call => call.map(({ verb, object }) => `${verb} ${object.kind}`));
  return { kernel, reconciler, state, asked, tick };
}

describe('reconciler', () => {
  it('applies what its owners want, once', () => {
    const { kernel, reconciler, state, asked } = start();
    reconciler.set('base', base);
    reconciler.set('service default/web', [endpoint('10.96.0.1', '10.244.1.2')]);
    assert.equal(state('service default/web'), 'pending');
    assert.deepEqual(reconciler.flush(), { applied: 3, failures: [] });
    assert.equal(state('service default/web'), 'done');
    assert.deepEqual(asked(), ['add table', 'add set', 'add element']);
    assert.deepEqual(reconciler.flush(), { applied: 0, failures: [] });
    assert.deepEqual(asked(), []);
    assert.equal(kernel.read(['element']).size, 1);
  });

  it('touches only what one owner changed', () => {
    const { reconciler, asked } = start();
    reconciler.set('base', base);
    for (let i = 1; i <= 50; i++) reconciler.set(`service ${i}`, [endpoint(`10.96.0.${i}`, '10.244.1.2')]);
    reconciler.flush();
    asked();
    reconciler.set('service 7', [endpoint('10.96.0.7', '10.244.9.9')]);
    reconciler.remove('service 8');
    reconciler.flush();
    assert.deepEqual(asked(), ['delete element', 'replace element']);
  });

  it('adopts what a former process left: equal objects are not touched, unwanted ones of ours go, foreign ones stay', () => {
    const kernel = new FakeKernel();
    const first = start(kernel);
    first.reconciler.set('base', [...base, pod('pw0'), o.address('pw0', '10.0.0.1/24')]);
    first.reconciler.set('service default/old', [endpoint('10.96.0.9', '10.244.1.9')]);
    first.reconciler.flush();
    kernel.apply([{ verb: 'add', object: pod('eth0') }]);
    const second = start(kernel);
    second.asked();
    second.reconciler.set('base', [...base, pod('pw0'), o.address('pw0', '10.0.0.1/24')]);
    second.reconciler.set('service default/new', [endpoint('10.96.0.1', '10.244.1.2')]);
    second.reconciler.flush();
    assert.deepEqual(second.asked(), ['delete element', 'add element']);
    assert.ok(kernel.read().has('link eth0'));
  });

  it('the result depends on what is wanted, not on the way there', () => {
    const wishes: readonly (readonly [string, readonly KernelObject[]])[] = [
      ['base', base],
      ['a', [endpoint('10.96.0.1', '10.244.1.2')]],
      ['b', [o.chain('c', o.says(o.jump('d'))), o.chain('d')]],
      ['c', [pod('pw0'), o.address('pw0', '10.0.0.1/24'), o.route('10.7.0.0/16', [o.via('10.0.0.2', 'pw0')])]],
    ];
    const dumps = [wishes, [...wishes].reverse(), [...wishes, ...wishes]].map((order, i) => {
      const { kernel, reconciler } = start();
      if (i) reconciler.set('a', [endpoint('10.96.0.77', '10.244.1.7')]);
      reconciler.set('base', base);
      if (i) reconciler.flush();
      for (const [owner, objects] of order) {
        reconciler.set(owner, objects);
        if (i === 2) reconciler.flush();
      }
      reconciler.flush();
      return kernel.dump().replace(/02:fa:ce:00:00:\w\w/g, 'MAC');
    });
    assert.equal(dumps[1], dumps[0]);
    assert.equal(dumps[2], dumps[0]);
  });

  it('an object that two owners want stays until both have let go', () => {
    const { kernel, reconciler } = start();
    reconciler.set('base', [o.table]);
    reconciler.set('a', [o.chain('choose-2', o.says(o.accept))]);
    reconciler.set('b', [o.chain('choose-2', o.says(o.accept))]);
    reconciler.flush();
    reconciler.remove('a');
    reconciler.flush();
    assert.equal(kernel.read(['chain']).size, 1);
    reconciler.remove('b');
    reconciler.flush();
    assert.equal(kernel.read(['chain']).size, 0);
  });

  it('wanting one thing otherwise is the second owner’s error, and over when the first lets go', () => {
    const { kernel, reconciler, state } = start();
    reconciler.set('base', base);
    reconciler.set('a', [endpoint('10.96.0.1', '10.244.1.1')]);
    reconciler.set('b', [endpoint('10.96.0.1', '10.244.2.2'), endpoint('10.96.0.2', '10.244.2.2')]);
    reconciler.flush();
    assert.equal(state('a'), 'done');
    assert.equal(state('b'), 'error: element inet podwire m 10.96.0.1 is wanted otherwise by a');
    assert.equal(kernel.read(['element']).size, 1, 'nothing of it is half-written');
    reconciler.remove('a');
    reconciler.flush();
    assert.equal(state('b'), 'done');
    assert.equal(kernel.read(['element']).size, 2);
  });

  it('one owner’s mistake in a batch stops no other’s change, and its own former state stays in force', () => {
    const { kernel, reconciler, state } = start();
    reconciler.set('base', base);
    reconciler.set('bad', [endpoint('10.96.0.1', '10.244.1.1')]);
    reconciler.flush();
    reconciler.set('bad', [o.chain('x', o.says(o.jump('nowhere')))]);
    reconciler.set('good', [endpoint('10.96.0.2', '10.244.1.2')]);
    const { failures, retryIn } = reconciler.flush();
    assert.deepEqual(
      failures.map(({ errno }) => errno),
      ['ENOENT'],
    );
    assert.equal(retryIn, 100);
    assert.equal(state('good'), 'done');
    assert.equal(state('bad'), 'error: add chain inet podwire x: ENOENT');
    assert.ok(kernel.read().has('element inet podwire m 10.96.0.2'));
    reconciler.set('nowhere', [o.chain('nowhere')]);
    assert.deepEqual(reconciler.flush().failures, []);
    assert.equal(state('bad'), 'done');
  });

  it('what failed is tried again, less and less often, and says since when', () => {
    const { kernel, reconciler, state, tick } = start();
    kernel.failNext(({ object }) => object.kind === 'link', 'ENOMEM', 3);
    reconciler.set('pod', [pod('pw0')]);
    assert.equal(reconciler.flush().retryIn, 100);
    tick(100);
    // A second failing flush reads the kernel's true state and tries once more before it believes the failure.
    assert.equal(reconciler.flush().retryIn, 200);
    assert.deepEqual(reconciler.statuses.get('pod'), { state: 'error', error: 'add link pw0: ENOMEM', since: 0 });
    tick(200);
    assert.equal(reconciler.flush().retryIn, undefined);
    assert.deepEqual(reconciler.statuses.get('pod'), { state: 'done', since: 300 });
    assert.equal(state('pod'), 'done');
  });

  it('repairs what somebody else destroyed', () => {
    const { kernel, reconciler } = start();
    reconciler.set('base', base);
    reconciler.set('a', [endpoint('10.96.0.1', '10.244.1.1'), pod('pw0'), o.address('pw0', '10.0.0.1/24')]);
    reconciler.flush();
    const before = [...kernel.read().keys()].sort();
    kernel.apply([o.table, pod('pw0')].map(object => ({ verb: 'delete', object })));
    assert.deepEqual(reconciler.resync().failures, []);
    assert.deepEqual([...kernel.read().keys()].sort(), before);
  });

  it('a change meets a flushed table: the whole of it is built again at once', () => {
    const { kernel, reconciler } = start();
    reconciler.set('base', base);
    reconciler.set('a', [endpoint('10.96.0.1', '10.244.1.1')]);
    reconciler.flush();
    kernel.apply([{ verb: 'delete', object: o.table }]);
    reconciler.set('b', [endpoint('10.96.0.2', '10.244.1.1')]);
    assert.deepEqual(reconciler.flush().failures, []);
    assert.equal(kernel.read(['element']).size, 2);
  });

  it('reads nothing of nftables again while nobody else changed it, and all of it when somebody did', () => {
    const { kernel, reconciler } = start();
    let foreign = 0;
    const reads: (readonly string[] | undefined)[] = [];
    const read = kernel.read.bind(kernel);
    kernel.read = kinds => {
      reads.push(kinds);
      return read(kinds);
    };
    Object.assign(kernel, { foreignChanges: () => foreign });
    reconciler.set('base', [...base, pod('pw0')]);
    reconciler.set('a', [endpoint('10.96.0.1', '10.244.1.1')]);
    reconciler.flush();
    kernel.apply([{ verb: 'delete', object: pod('pw0') }]);
    assert.equal(reconciler.resync().applied, 1, 'the link comes back');
    kernel.apply([{ verb: 'delete', object: endpoint('10.96.0.1', '10.244.1.1') }]);
    foreign++;
    assert.equal(reconciler.resync().applied, 1, 'the element comes back');
    assert.deepEqual(
      reads.map(kinds => kinds?.includes('link') && !kinds.includes('element')),
      [undefined, true, undefined],
    );
  });

  it('under a fault at any single operation, three tries are enough', () => {
    const wish = [
      ...base,
      endpoint('10.96.0.1', '10.244.1.1'),
      pod('pw0'),
      o.address('pw0', '10.0.0.1/24'),
      o.route('10.7.0.0/16', [o.via('10.0.0.2', 'pw0')]),
    ];
    for (const victim of wish) {
      const { kernel, reconciler, state } = start();
      kernel.failNext(({ object }) => object === victim, 'EINTR', 2);
      reconciler.set('all', wish);
      for (let i = 0; i < 3; i++) reconciler.flush();
      assert.equal(state('all'), 'done', victim.kind);
      assert.equal(kernel.read(['element', 'route', 'link']).size, 6, victim.kind);
    }
  });
});
