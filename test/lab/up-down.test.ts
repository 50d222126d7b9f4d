/** Up and down: ready in seconds, found running, refused in one line, and afterwards the machine is as it was. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { processesIn, readLiving } from '../../src/lab/processes.js';
import { findRemains } from '../../src/lab/remains.js';
import { Lab, skip } from './lab.js';
import { snapshot } from './machine.js';

const lab = new Lab('updown');
const look = () => snapshot(lab.at);
let pristine: Record<string, string>;

before(async () => {
  if (!skip) pristine = await look();
});
after(async () => {
  if (!skip) await lab.down();
});

test('up tells each step and how to go on; a second up finds the lab running', { skip }, async () => {
  const { stdout } = await lab.up('--nodes', '2');
  assert.match(stdout, /✓ 2 nodes/);
  assert.match(stdout, /Nodes n1, n2 ready/);
  assert.match(stdout, /DNS answers/);
  assert.match(stdout, /kubectl's context is "podwire-updown"/);
  assert.match((await lab.podwire('up')).stdout, /is running already/);
});

test('a lab keeps the settings it was made with', { skip }, async () => {
  const refused = await lab.podwire('up', '--profile', 'bridge');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /PW-L806.*profile is routed, not bridge/);
});

test('status says the same to people and to programs', { skip }, async () => {
  const text = await lab.podwire('status');
  assert.equal(text.code, 0, text.stdout + text.stderr);
  assert.match(text.stdout, /n1 +ok +pid \d+/);
  const json = JSON.parse((await lab.podwire('status', '-o', 'json')).stdout);
  assert.equal(json.healthy, true);
  assert.deepEqual(
    json.nodes.map((node: { name: string }) => node.name),
    ['n1', 'n2'],
  );
});

test('down leaves the machine as it was', { skip }, async () => {
  assert.equal((await lab.podwire('down')).code, 0);
  assert.deepEqual(await look(), pristine);
  assert.match((await lab.podwire('down')).stdout, /There is no lab/);
});

test('down after kill -9 of everything leaves the machine as it was', { skip }, async () => {
  await lab.up('--nodes', '2');
  const { labd, netns } = findRemains(lab.at);
  for (const { pid } of [labd!, ...processesIn(netns)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with another one.
    }
  }
  assert.equal((await lab.podwire('down')).code, 0);
  assert.deepEqual(await look(), pristine);
});

test('ten times up and down', { skip }, async () => {
  for (let i = 0; i < 10; i++) {
    await lab.up('--nodes', '2');
    assert.equal((await lab.podwire('down')).code, 0);
    assert.deepEqual(await look(), pristine, `after round ${i + 1}`);
  }
});

test('labd killed: up takes over what goes on', { skip }, async () => {
  await lab.up('--nodes', '2');
  const agents = ['n1', 'n2'].map(node => readLiving(lab.at.node(node).agentProcess)!.pid);
  process.kill(readLiving(lab.at.labd)!.pid, 'SIGKILL');
  assert.equal((await lab.podwire('up')).code, 0);
  assert.deepEqual(
    ['n1', 'n2'].map(node => readLiving(lab.at.node(node).agentProcess)!.pid),
    agents,
  );
  assert.equal((await lab.podwire('down')).code, 0);
});

test('a port that is taken: one line, and nothing changed', { skip }, async () => {
  const server = createServer().listen(16443, '127.0.0.1');
  try {
    const refused = await lab.podwire('up', ...Lab.OPTIONS);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /PW-L804 port 16443 on 127\.0\.0\.1 is taken/);
  } finally {
    server.close();
  }
  assert.deepEqual(await look(), pristine);
});

test("ranges that overlap the machine's own, and settings that are none: one line each, and nothing changed", {
  skip,
}, async () => {
  const table: [options: string[], code: number, message: RegExp][] = [
    [['--nodes', '0'], 1, /PW-L801 nodes 0 is not possible/],
    [['--nodes', 'many'], 2, /whole number/],
    [['--profile', 'ring'], 2, /Allowed choices are routed, bridge/],
    [['--pod-cidrs', '10.244.0.1/16,fd00::/56'], 1, /PW-L801 pod-cidrs/],
    [['--unknown'], 2, /unknown option/],
  ];
  for (const [options, code, message] of table) {
    const refused = await lab.podwire('up', ...options);
    assert.equal(refused.code, code, options.join(' '));
    assert.match(refused.stderr, message);
    assert.ok(!refused.stderr.includes('    at '), 'no stack trace for a mistake of the user');
  }
  assert.deepEqual(await look(), pristine);
});
