/** What a user sees of cluster DNS: a name followed to its answer, and questions as they come, with the Pods that ask. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { TailLine } from '../../src/agent/dns-pages.js';
import { CLI, eventually, inPath, Lab, run, skip } from './lab.js';
import { idlePod, place, serviceOf, start } from './pods.js';

const SERVER = '10.97.0.10';
const DOMAIN = 'default.svc.cluster.local.';

describe('DNS, seen', { skip: skip || (inPath('dig') ? false : 'needs dig on this machine') }, () => {
  const lab = new Lab('sight');
  before(async () => {
    await lab.up('--nodes', '2');
    await start(lab, [
      idlePod('one', 'n1'),
      idlePod('two', 'n2'),
      idlePod('apart', 'n2', { dnsPolicy: 'Default' }),
      serviceOf('one'),
    ]);
  });
  after(() => lab.down());

  test('a name is followed to its answer, query by query', async () => {
    await eventually(
      'the Service is known',
      async () => (await lab.podwire('dns', 'query', 'one', '--from', 'two')).code === 0,
    );
    const outside = await lab.podwire('dns', 'query', 'example.com', '--from', 'default/two');
    assert.equal(outside.code, 0, outside.stderr);
    for (const said of [
      /^Pod default\/two on n2, dnsPolicy ClusterFirst; its resolv\.conf:\n {2}search default\.svc\.cluster\.local /,
      /\nexample\.com is asked for as: example\.com\.default\.svc\.cluster\.local\. .* example\.com\.\n/,
      /\nexample\.com\.default\.svc\.cluster\.local\.\n {2}A {4}NOERROR, by autopath: the Pod's search path leads to example\.com\.: not a name of the cluster, from /,
      /\n {7}example\.com\.default\.svc\.cluster\.local\. 5 IN CNAME example\.com\.\n/,
      /\nThe server walked the search path: 2 queries instead of \d+\.\nexample\.com is 203\.0\.113\.100 2001:db8::64\n$/,
    ])
      assert.match(outside.stdout, said);

    const inside = await lab.podwire('dns', 'query', 'one', '--from', 'two', '-o', 'json');
    const { queries, spared } = JSON.parse(inside.stdout);
    assert.deepEqual(
      queries.map((query: Record<string, string>) => `${query.name} ${query.type} ${query.handler} ${query.why}`),
      ['A', 'AAAA'].map(type => `one.${DOMAIN} ${type} services Service default/one`),
    );
    assert.equal(spared, 0);

    const missing = await lab.podwire('dns', 'query', `nothing.${DOMAIN}`, '--from', 'two');
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /A {4}NXDOMAIN, by autopath: no name of the Pod's search path exists\n/);
    const apart = await lab.podwire('dns', 'query', 'one', '--from', 'apart');
    assert.match(apart.stdout, /dnsPolicy Default[\s\S]*Its first nameserver is not the cluster's/);
    assert.match((await lab.podwire('dns', 'query', 'one', '--from', 'nobody')).stderr, /PW-L809/);
  });

  test('what a Pod was told of names outside is known to the agent of its node', async () => {
    await lab.podwire('exec', 'two', '--', 'dig', `@${SERVER}`, `example.com.${DOMAIN}`);
    const two = await place(lab, 'two');
    const told = await run('curl', [
      ...['-s', '--unix-socket', lab.at.node('n2').healthSocket],
      `http://n2/dns/told?client=${two[4]}`,
    ]);
    assert.match(told.stdout, /^\{"name":"example\.com\.","ip":"203\.0\.113\.100","seconds":\d+\}$/m);
  });

  test('questions are seen as they come, of one Pod where that is asked', async () => {
    const tail = (...options: string[]) => {
      const child = spawn(process.execPath, [CLI, 'dns', 'tail', ...options], { env: lab.env });
      let text = '';
      child.stdout.on('data', data => (text += data));
      return { child, text: () => text };
    };
    const all = tail();
    const one = tail('--pod', 'one', '-o', 'json');
    try {
      const dig = (pod: string, ...words: string[]) => lab.podwire('exec', pod, '--', 'dig', `@${SERVER}`, ...words);
      await eventually('both listen', async () => {
        await dig('one', `one.${DOMAIN}`);
        return all.text().includes('default/one') && one.text() !== '';
      });
      await dig('two', 'two.test.');
      await dig('one', '+tcp', 'MX', `none.${DOMAIN}`);
      await eventually(
        'all was told',
        () => /default\/two .* two\.test\.\n/.test(all.text()) && one.text().includes('MX'),
      );
      const lines = one
        .text()
        .trimEnd()
        .split('\n')
        .map(text => JSON.parse(text) as TailLine);
      const first = lines[0]!;
      assert.deepEqual(
        [first.pod, first.transport, first.name, first.type, first.rcode, first.handler],
        ['default/one', 'udp', `one.${DOMAIN}`, 'A', 'NOERROR', 'table'],
      );
      const last = lines.at(-1)!;
      assert.deepEqual([last.transport, last.rcode, last.handler], ['tcp', 'NXDOMAIN', 'autopath']);
      assert.ok(last.milliseconds! > 0);
      assert.ok(lines.every(({ pod }) => pod === 'default/one'));
    } finally {
      for (const { child } of [all, one]) child.kill();
    }
  });
});
