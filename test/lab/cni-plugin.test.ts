/** The plugin as a runtime calls it, on the real kernel: results, repetition, many at once, one agent per node. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeNamespace } from '../../src/host/namespace.js';
import { LabNode, unable } from './cni-node.js';

for (const profile of ['routed', 'bridge'] as const) {
  for (const podCidrs of [['10.244.1.0/24', 'fd00:10:244:1::/64'], ['10.244.1.0/24'], ['fd00:10:244:1::/64']]) {
    test(`profile ${profile}, ${podCidrs.join(' and ')}: ADD, CHECK, GC, DEL`, { skip: unable }, async t => {
      const node = new LabNode(profile);
      t.after(() => node.remove());
      await node.start({ podCidrs });
      for (const id of ['c1', 'c2', 'c3']) node.pod(id);
      const { exitCode, json } = await node.call('ADD', 'c1');
      assert.equal(exitCode, 0, JSON.stringify(json));
      const four = podCidrs[0]!.includes('.');
      const six = podCidrs.at(-1)!.includes(':');
      const gateway = profile === 'routed' ? ['169.254.1.1', 'fe80::1'] : ['10.244.1.1', 'fd00:10:244:1::1'];
      const only = <T>(v4: T, v6: T) => [...(four ? [v4] : []), ...(six ? [v6] : [])];
      assert.deepEqual(json, {
        cniVersion: '1.1.0',
        interfaces: [
          { name: json.interfaces[0].name, mac: json.interfaces[0].mac, mtu: 1400 },
          { name: 'eth0', mac: json.interfaces[1].mac, mtu: 1400, sandbox: node.pod('c1') },
        ],
        ips: only(
          { interface: 1, address: '10.244.1.2/32', gateway: gateway[0] },
          { interface: 1, address: 'fd00:10:244:1::2/128', gateway: gateway[1] },
        ),
        routes: only({ dst: '0.0.0.0/0', gw: gateway[0] }, { dst: '::/0', gw: gateway[1] }),
        dns: {},
      });
      assert.match(json.interfaces[0].name, /^pw[0-9a-f]{11}$/);
      // A third party's view of the Pod.
      const seen = execFileSync('ip', ['-n', node.pod('c1').split('/').at(-1)!, '-brief', 'address', 'show', 'eth0'], {
        encoding: 'utf8',
      });
      for (const { address } of json.ips) assert.ok(seen.includes(address), `${address} in ${seen}`);
      assert.match(seen, /UP/);

      assert.deepEqual(await node.call('CHECK', 'c1', { prevResult: json }), { exitCode: 0, json: undefined });
      assert.deepEqual((await node.call('ADD', 'c1')).json, json, 'the same again');
      for (const id of ['c2', 'c3']) assert.equal((await node.call('ADD', id)).exitCode, 0);
      assert.deepEqual(await node.audit(), ['c1', 'c2', 'c3']);
      const valid = [{ containerID: 'c2', ifname: 'eth0' }];
      assert.equal((await node.call('GC', '', { 'cni.dev/valid-attachments': valid })).exitCode, 0);
      await sleep(260);
      assert.deepEqual(await node.audit(), ['c2']);
      assert.equal((await node.call('CHECK', 'c1', { prevResult: json })).json.code, 3);
      // The runtime may remove the namespace first.
      removeNamespace(node.pod('c2'));
      for (const id of ['c2', 'c2', 'never'])
        assert.deepEqual(await node.call('DEL', id), { exitCode: 0, json: undefined });
      await sleep(260);
      assert.deepEqual(await node.audit(), []);
    });
  }
}

test('forty containers by four callers: forty addresses, and after forty DELs none', { skip: unable }, async t => {
  const node = new LabNode();
  t.after(() => node.remove());
  await node.start();
  const ids = Array.from({ length: 40 }, (_, i) => `c${i}`);
  for (const id of ids) node.pod(id);
  const seen = new Set<string>();
  const each = async (work: (id: string) => Promise<void>) => {
    const queue = [...ids];
    await Promise.all(
      [0, 1, 2, 3].map(async () => {
        for (let id = queue.pop(); id; id = queue.pop()) await work(id);
      }),
    );
  };
  await each(async id => {
    const { exitCode, json } = await node.call('ADD', id);
    assert.equal(exitCode, 0, JSON.stringify(json));
    for (const { address } of json.ips) seen.add(address);
  });
  assert.equal(seen.size, 80);
  assert.equal((await node.audit()).length, 40);
  await each(async id => assert.equal((await node.call('DEL', id)).exitCode, 0));
  await sleep(260);
  assert.deepEqual(await node.audit(), []);
});

test('a stopped agent leaves everything, the next one touches nothing; a second one is refused', {
  skip: unable,
}, async t => {
  const node = new LabNode();
  t.after(() => node.remove());
  await node.start();
  node.pod('c1');
  const { json } = await node.call('ADD', 'c1');
  const second = node.spawn('', undefined, 'pipe');
  let said = '';
  second.stderr!.on('data', chunk => (said += chunk));
  const [code] = await once(second, 'close');
  assert.equal(code, 1);
  assert.match(said, new RegExp(`PW-N301 another agent \\(process ${node.agentPid}\\)`));

  const before = node.kernel();
  const indexes = () => execFileSync('ip', ['-n', node.netns.split('/').at(-1)!, '-o', 'link'], { encoding: 'utf8' });
  const links = indexes();
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await node.kill(signal);
    assert.deepEqual(node.kernel(), before, `after ${signal}`);
    assert.deepEqual((await node.call('ADD', 'c9')).json.code, 11, 'without an agent: later');
    await node.start();
    assert.deepEqual(node.kernel(), before);
    assert.equal(indexes(), links, 'the same links, not new ones');
    assert.deepEqual(await node.call('CHECK', 'c1', { prevResult: json }), { exitCode: 0, json: undefined });
  }
});

test('the agent at rest is small', { skip: unable }, async t => {
  const node = new LabNode();
  t.after(() => node.remove());
  await node.start();
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.agentPid}/status`, 'utf8'));
  assert.ok(Number(rss![1]) < 90 * 1024, `${rss![1]} KiB resident`);
});
