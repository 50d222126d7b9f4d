/** The policy suite by the tracer: what three planned nodes do to packets is what the APIs promise, for the reason that the oracle gives. */

import { describe } from 'node:test';
import type { Profile } from '../../src/plan/attachment.js';
import { tracePasses } from '../suites/policy/asked.js';
import { type Planned, planned } from '../suites/policy/planned.js';
import { type Backend, policySuite } from '../suites/policy/suite.js';

// Whom a policy concerns does not hang on the profile: of the bridge's questions a few do.
describe('profile routed', () => policySuite('trace of the plan', backend('routed', 2)));
describe('profile bridge', () => policySuite('trace of the plan', backend('bridge', 13)));

function backend(profile: Profile, oneOf: number): Backend {
  let world: Planned;
  return {
    apply(policies) {
      world = planned(policies, profile);
    },
    passes: question => tracePasses(world, question),
    choose: questions => questions.filter((_, i) => i % oneOf === 0),
  };
}
