/** `npm run fuzz [seconds] [seed]`: random policies, the oracle against the tracer, until the time is over or a difference is found. */

import { compare } from '../suites/policy/compare.js';

const [seconds = 60, first = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const end = Date.now() + seconds * 1000;
const CLUSTERS = 20;

let packets = 0;
let dropped = 0;
let seed = first;
for (; Date.now() < end; seed++) {
  const counts = compare(seed, CLUSTERS);
  packets += counts.passed + counts.dropped;
  dropped += counts.dropped;
}
console.log(
  `seeds ${first}..${seed - 1}: ${(seed - first) * CLUSTERS} clusters, ${packets} packets, ${dropped} of them dropped; no difference`,
);
