/** Random policies, the oracle and the tracer over the plan: `npm run fuzz` is the same for as long as one likes. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compare } from '../suites/policy/compare.js';

it('the plan does what the oracle says, of random policies', () => {
  const { passed, dropped } = compare(4, 40);
  assert.ok(passed > 200 && dropped > 200, `${passed} pass, ${dropped} do not`);
});
