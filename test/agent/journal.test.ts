/** The journal under every kind of bad end: cut at each byte, full disk, another boot, another version, rubbish. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Journal } from '../../src/agent/journal.js';
import type { AttachmentRecord, State } from '../../src/agent/record.js';
import { Ip } from '../../src/net/ip.js';

const dir = mkdtempSync(join(tmpdir(), 'pwt-agent-'));
after(() => rmSync(dir, { recursive: true }));
let files = 0;
const fresh = () => join(dir, `journal${files++}`);

const record = (containerId: string, state: State = 'attached'): AttachmentRecord => ({
  state,
  ref: { network: 'podwire', containerId, ifname: 'eth0' },
  attachment: {
    id: `podwire/${containerId}/eth0`,
    namespace: 'default',
    name: containerId,
    profile: 'routed',
    ips: [Ip.of('10.244.1.2'), Ip.of('fd00::2')],
    link: 'pw0123456789a',
    hostMac: '02:00:00:00:00:01',
    podMac: '02:00:00:00:00:02',
    ifname: 'eth0',
    netns: '/run/netns/x',
    gateways: [Ip.of('169.254.1.1')],
    mtu: 1500,
    hostPorts: [
      { protocol: 'TCP', number: 8080, containerPort: 80 },
      { protocol: 'UDP', number: 53, containerPort: 5353, hostIP: Ip.of('172.30.0.11') },
    ],
  },
});

const names = (journal: Journal) =>
  [...journal.records.values()].map(r => `${r.ref.containerId} ${r.state}`).join(', ');

test('what was written is read again, the last word of each', () => {
  const path = fresh();
  const journal = new Journal(path, 'boot');
  journal.put(record('a', 'adding'));
  journal.put(record('b'));
  journal.put(record('a'));
  journal.put(record('c', 'leaving'));
  journal.remove('podwire/b/eth0');
  journal.remove('podwire/b/eth0');
  journal.close();
  const again = new Journal(path, 'boot');
  assert.equal(names(again), 'a attached, c leaving');
  assert.deepEqual(again.records.get('podwire/a/eth0'), record('a'));
  again.close();
});

test('cut off at any byte it gives a state that was once true', () => {
  const path = fresh();
  const journal = new Journal(path, 'boot');
  const states = [''];
  for (const step of [
    () => journal.put(record('a')),
    () => journal.put(record('b', 'adding')),
    () => journal.remove('podwire/a/eth0'),
  ]) {
    step();
    states.push(names(journal));
  }
  journal.close();
  const bytes = readFileSync(path);
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    const cut = new Journal(path, 'boot');
    assert.ok(states.includes(names(cut)), `${length}: ${names(cut)}`);
    cut.put(record('z'));
    cut.close();
    const again = new Journal(path, 'boot');
    assert.ok(again.records.has('podwire/z/eth0'), 'and can be written on');
    again.close();
  }
});

test('after a boot no container lives', () => {
  const path = fresh();
  const journal = new Journal(path, 'boot');
  journal.put(record('a'));
  journal.close();
  assert.equal(names(new Journal(path, 'next boot')), '');
});

test('what no agent wrote is refused in one line, and left as it is', () => {
  const header = '{"version":1,"boot":"boot"}\n';
  const good = `${JSON.stringify(record('a'))}\n`;
  const table: readonly [string, RegExp][] = [
    ['rubbish\n', /no header/],
    [`${good}`, /version undefined/],
    ['{"version":2,"boot":"boot"}\n', /version 2 is not 1/],
    [`${header}rubbish\n${good}`, /line 2 is no record/],
    [`${header}${good}{"gone":7}\n`, /line 3 is no record/],
    [header + good.replace('10.244.1.2', '10.244.1'), /line 2 is no record/],
    [header + good.replace('"attached"', '"flying"'), /line 2 is no record/],
    [header + good.replace('podwire/a/eth0', 'podwire/b/eth0'), /line 2 is no record/],
  ];
  for (const [text, expected] of table) {
    const path = fresh();
    writeFileSync(path, text);
    assert.throws(() => new Journal(path, 'boot'), expected);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
});

test('it does not grow with its history', () => {
  const path = fresh();
  const journal = new Journal(path, 'boot');
  journal.put(record('keep'));
  for (let i = 0; i < 5000; i++) {
    journal.put(record(`c${i}`));
    journal.remove(`podwire/c${i}/eth0`);
  }
  assert.ok(readFileSync(path).length < 1 << 20);
  journal.close();
  assert.equal(names(new Journal(path, 'boot')), 'keep attached');
});
