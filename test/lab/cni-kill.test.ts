/** The agent killed at every step of ADD and DEL: the runtime tries again, and afterwards nothing is left over. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabNode, unable } from './cni-node.js';

const ADD_STEPS = ['add-intent', 'add-node', 'add-pod', 'add-commit'];
const DEL_STEPS = ['del-intent', 'del-unwired', 'del-links', 'del-commit'];

for (const profile of ['routed', 'bridge'] as const) {
  test(`profile ${profile}: killed at each step of ADD and DEL, tried again, nothing is left`, {
    skip: unable,
  }, async t => {
    const node = new LabNode(profile);
    t.after(() => node.remove());
    // A neighbour that must not notice anything.
    node.pod('other');
    await node.start();
    const other = await node.call('ADD', 'other');
    assert.equal(other.exitCode, 0, JSON.stringify(other.json));

    for (const step of ADD_STEPS) {
      for (const next of ['ADD', 'DEL']) {
        await node.kill();
        await node.start({ fail: `${step}:kill` });
        node.pod('c1');
        const killed = await node.call('ADD', 'c1');
        assert.deepEqual([killed.exitCode, killed.json.code], [1, 11], `${step}: ${JSON.stringify(killed)}`);
        await node.start();
        if (next === 'ADD') {
          const added = await node.call('ADD', 'c1');
          assert.equal(added.exitCode, 0, `${step}, then ADD: ${JSON.stringify(added.json)}`);
          assert.deepEqual(await node.audit(), ['c1', 'other'], `${step}, then ADD`);
          assert.deepEqual(await node.call('CHECK', 'c1', { prevResult: added.json }), {
            exitCode: 0,
            json: undefined,
          });
        }
        assert.deepEqual(await node.call('DEL', 'c1'), { exitCode: 0, json: undefined });
        node.removePod('c1');
        await sleep(260);
        assert.deepEqual(await node.audit(), ['other'], `${step}, then ${next}`);
      }
    }
    for (const step of DEL_STEPS) {
      await node.kill();
      await node.start({ fail: `${step}:kill` });
      node.pod('c1');
      assert.equal((await node.call('ADD', 'c1')).exitCode, 0);
      const deleted = await node.call('DEL', 'c1');
      // Steps that come after the answer end the agent a little later.
      if (deleted.exitCode !== 0) assert.equal(deleted.json.code, 11);
      else await sleep(260);
      await node.start();
      assert.deepEqual(await node.call('DEL', 'c1'), { exitCode: 0, json: undefined }, step);
      node.removePod('c1');
      await sleep(260);
      assert.deepEqual(await node.audit(), ['other'], step);
    }
    assert.deepEqual(
      await node.call('CHECK', 'other', { prevResult: other.json }),
      { exitCode: 0, json: undefined },
      'the neighbour',
    );
  });
}
