/** Random policies over three real nodes: the oracle, the tracer and real packets say the same, by every way. `npm run fuzz` with `real` goes on. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { services } from '../suites/policy/paths.js';
import { policies, questions } from '../suites/policy/random.js';
import { skip } from './lab.js';
import { compareTables } from './policy-tables.js';
import { PolicyWorld } from './policy-world.js';

describe('the tables of policies', { skip }, () => {
  let world: PolicyWorld;
  before(async () => {
    world = await new PolicyWorld(services()).ready();
  });
  after(() => world?.close());

  it('agree without any', async () => {
    const { packets, dropped, differences } = await compareTables(
      world,
      [],
      fc.sample(questions(150), { seed: 1, numRuns: 1 })[0]!,
    );
    assert.deepEqual([dropped, differences], [0, []]);
    assert.ok(packets > 150);
  });

  it('agree of random ones', async () => {
    let all = 0;
    let gone = 0;
    for (const [objects, asked] of fc.sample(fc.tuple(policies(), questions(40)), { seed: 7, numRuns: 12 })) {
      const { packets, dropped, differences } = await compareTables(world, objects, asked);
      assert.deepEqual(differences, [], JSON.stringify(objects, null, 1));
      all += packets;
      gone += dropped;
    }
    assert.ok(all - gone > 100 && gone > 100, `${all} packets, ${gone} dropped`);
  });
});
