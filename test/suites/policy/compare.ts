/** Random policies: what the oracle says of each question, and what the tracer says of the plan. A difference is shrunk to the smallest cluster that shows it. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { policyIntent } from '../../../src/intent/policy.js';
import { tracePasses } from './asked.js';
import { planned } from './planned.js';
import { policies, questions } from './random.js';
import { textOf } from './suite.js';
import { ipOf } from './world.js';

/** Questions of one cluster. */
export const ASKED = 60;

/** So many clusters; how many packets passed and how many did not. Throws on the first difference. */
export function compare(seed: number, clusters: number): { passed: number; dropped: number } {
  const counts = { passed: 0, dropped: 0 };
  const property = fc.property(policies(), questions(ASKED), (objects, asked) => {
    const world = planned(objects);
    for (const question of asked) {
      const { from, to, family, protocol, port } = question;
      const [source, destination] = [ipOf(from, family), ipOf(to, family)];
      const { allowed, egress, ingress } = policyIntent(world.cluster, { source, destination, protocol, port });
      const because = `egress: ${egress.because}; ingress: ${ingress.because}`;
      assert.equal(
        tracePasses(world, question),
        allowed,
        `${textOf(question)} should ${allowed ? 'pass' : 'not'}: ${because}`,
      );
      counts[allowed ? 'passed' : 'dropped']++;
    }
  });
  fc.assert(property, { seed, numRuns: clusters });
  return counts;
}
