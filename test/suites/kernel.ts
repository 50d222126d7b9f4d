/** What every KernelPort must do, real or fake: each kind under each verb, the kernel's refusals, atomic batches, whole states. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diff } from '../../src/kernel/diff.js';
import { equal, format, key, stateOf } from '../../src/kernel/kinds.js';
import type { KernelObject, KernelPort, KernelState, Operation } from '../../src/kernel/port.js';
import * as o from './kernel-objects.js';
import { REFUSALS, STATES, VERBS } from './kernel-tables.js';

/** A port on a fresh, empty namespace. */
export type OpenKernel = () => { readonly port: KernelPort; close(): void };

export function kernelSuite(name: string, open: OpenKernel): void {
  const fresh = (title: string, story: (port: KernelPort) => void) =>
    it(title, () => {
      const { port, close } = open();
      try {
        story(port);
      } finally {
        close();
      }
    });

  describe(`kernel port: ${name}`, () => {
    describe('each kind under each verb', () => {
      for (const { title, given = [], first, second } of VERBS) fresh(title, port => verbs(port, given, first, second));
    });

    describe('what the kernel refuses', () => {
      for (const { title, given = [], operation, errno, formerly = errno } of REFUSALS) {
        fresh(`${title}: ${errno}`, port => {
          add(port, given);
          const before = texts(port.read());
          const [said, ...more] = errnos(port, [operation]);
          assert.deepEqual([said === formerly ? errno : said, ...more], [errno]);
          assert.deepEqual(texts(port.read()), before, 'a refused operation changes nothing');
        });
      }
    });

    fresh('a batch of nftables operations happens as a whole or not at all', port => {
      add(port, [
        o.table,
        o.set('m', ['ipv4_addr'], { data: ['ipv4_addr'] }),
        o.element('m', [o.ip('10.0.0.1')], [o.ip('10.9.9.1')]),
      ]);
      const before = texts(port.read());
      const good = o.element('m', [o.ip('10.0.0.2')], [o.ip('10.9.9.2')]);
      const bad = o.element('m', [o.ip('10.0.0.1')], [o.ip('10.9.9.9')]);
      const failures = port.apply([put(o.chain('c')), put(good), put(bad)]);
      assert.deepEqual(
        failures.map(({ operation, errno }) => [key(operation.object), errno]),
        [
          [key(o.chain('c')), 'ECANCELED'],
          [key(good), 'ECANCELED'],
          [key(bad), 'EEXIST'],
        ],
      );
      assert.deepEqual(texts(port.read()), before);
      assert.deepEqual(errnos(port, [put(o.chain('c')), put(good)]), []);
    });

    fresh('links, addresses and routes succeed or fail each alone', port => {
      const lost = o.address('nowhere', '10.0.0.9/24');
      const failures = port.apply([
        put(o.veth('pw0', { peer: { name: 'far0' } })),
        put(lost),
        put(o.address('pw0', '10.0.0.1/24')),
      ]);
      assert.deepEqual(
        failures.map(({ operation }) => operation.object),
        [lost],
      );
      holds(port, o.address('pw0', '10.0.0.1/24'));
    });

    fresh('a failing link stops no nftables batch, and the other way round', port => {
      const failures = port.apply([
        put(o.table),
        put(o.address('nowhere', '10.0.0.9/24')),
        put(o.chain('c')),
        put(o.veth('pw0', { peer: { name: 'far0' } })),
        put(o.element('nothing', [o.ip('10.0.0.1')])),
      ]);
      assert.deepEqual(failures.map(({ operation, errno }) => `${operation.object.kind} ${errno}`).sort(), [
        'address ENODEV',
        'chain ECANCELED',
        'element ENOENT',
        'table ECANCELED',
      ]);
      assert.ok(port.read(['link']).has('link pw0'));
      assert.equal(port.read(['table']).size, 0);
    });

    fresh('chains of one batch may jump to each other in any order', port => {
      add(port, [o.table, o.chain('a', o.says(o.jump('b'))), o.chain('b', o.says(o.accept))]);
      holds(port, o.chain('a', o.says(o.jump('b'))));
    });

    fresh('a link takes what stands on it along', port => {
      const pair = o.veth('pw0', { peer: { name: 'far0' } });
      const on = [
        o.address('pw0', '10.0.0.1/24'),
        o.route('10.7.0.0/16', [o.via('10.0.0.2')]),
        o.neighbour('pw0', '10.0.0.2', MAC),
      ];
      add(port, [pair]);
      assert.deepEqual(errnos(port, [{ verb: 'replace', object: o.veth('far0') }]), []);
      add(port, on);
      assert.deepEqual(errnos(port, [{ verb: 'delete', object: pair }]), []);
      const left = port.read();
      assert.deepEqual(
        [pair, o.veth('far0'), ...on].filter(object => left.has(key(object))),
        [],
      );
      assert.deepEqual(
        errnos(
          port,
          [...on, pair].map(object => ({ verb: 'delete', object })),
        ),
        [],
        'deleting twice is no error',
      );
    });

    fresh('a bridge gone leaves its ports', port => {
      add(port, [o.bridge('pw-br0'), o.veth('pw0', { peer: { name: 'far0' }, master: 'pw-br0', hairpin: true })]);
      assert.deepEqual(errnos(port, [{ verb: 'delete', object: o.bridge('pw-br0') }]), []);
      const link = port.read(['link']).get('link pw0');
      assert.ok(link?.kind === 'link' && link.master === undefined);
    });

    fresh('a table takes its contents along', port => {
      add(port, STATES.services!);
      assert.deepEqual(errnos(port, [{ verb: 'delete', object: o.table }]), []);
      assert.deepEqual([...port.read(['table', 'set', 'chain', 'element', 'slots']).keys()], []);
    });

    fresh('read gives the kinds asked for', port => {
      add(port, [o.table, o.chain('c'), o.veth('pw0', { peer: { name: 'far0' } })]);
      assert.deepEqual([...port.read(['chain', 'table']).keys()].sort(), [key(o.chain('c')), key(o.table)]);
    });

    describe('every state can be reached from every other, and then nothing is left to do', () => {
      for (const [from, before] of Object.entries(STATES)) {
        for (const [to, after] of Object.entries(STATES)) {
          fresh(`${from} → ${to}`, port => {
            reach(port, before);
            reach(port, after);
          });
        }
      }
    });
  });
}

const MAC = '02:00:00:00:00:02';

function verbs(port: KernelPort, given: readonly KernelObject[], first: KernelObject, second?: KernelObject): void {
  const run = (verb: Operation['verb'], object: KernelObject) => errnos(port, [{ verb, object }]);
  add(port, given);
  assert.deepEqual(run('add', first), [], 'add');
  holds(port, first);
  assert.deepEqual(run('add', first), [], 'adding again what is there');
  if (second) {
    if (first.kind !== 'sysctl') assert.deepEqual(run('add', second), ['EEXIST'], 'adding it otherwise');
    if (first.kind !== 'sysctl') holds(port, first);
    assert.deepEqual(run('replace', second), [], 'replace');
    holds(port, second);
  }
  if (first.kind === 'sysctl') return;
  assert.deepEqual(run('delete', first), [], 'delete');
  assert.ok(!port.read().has(key(first)), 'it is gone');
  assert.deepEqual(run('delete', first), [], 'deleting what is not there');
  assert.deepEqual(run('replace', first), [], 'replacing what is not there');
  holds(port, first);
}

/** Applies the difference to the given objects, and asks that a second difference is empty. */
function reach(port: KernelPort, objects: readonly KernelObject[]): void {
  const desired = stateOf(objects);
  assert.deepEqual(port.apply(diff(desired, port.read())).map(explain), []);
  const rest = diff(desired, port.read()).filter(({ object }) => object.kind !== 'sysctl');
  assert.deepEqual(
    rest.map(({ verb, object }) => `${verb} ${format(object)}`),
    [],
  );
}

function add(port: KernelPort, objects: readonly KernelObject[]): void {
  assert.deepEqual(port.apply(objects.map(put)).map(explain), []);
}

const put = (object: KernelObject): Operation => ({ verb: 'add', object });
const errnos = (port: KernelPort, operations: readonly Operation[]) =>
  port.apply(operations).map(failure => failure.errno);
const explain = ({ operation, errno, message }: ReturnType<KernelPort['apply']>[number]) =>
  `${operation.verb} ${format(operation.object)}: ${errno} ${message}`;

function holds(port: KernelPort, wanted: KernelObject): void {
  const observed = port.read([wanted.kind]).get(key(wanted));
  if (wanted.kind === 'sysctl' && !observed) return;
  assert.ok(observed, `nothing is at '${key(wanted)}'`);
  assert.ok(equal(wanted, observed), `wanted ${format(wanted)}\n   has ${format(observed)}`);
}

/** Without what the kernel makes by itself, in its own time. */
function texts(state: KernelState): string[] {
  return [...state.values()]
    .filter(object => !isKernels(object))
    .map(format)
    .sort();
}

function isKernels(object: KernelObject): boolean {
  if (object.kind === 'neighbour' || object.kind === 'fdb') return !object.permanent;
  if (object.kind === 'address') return object.ip.toString().startsWith('fe80:');
  return (object.kind === 'route' || object.kind === 'rule') && object.protocol === 2;
}
