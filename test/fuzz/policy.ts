/**
 * `npm run fuzz [seconds] [seed] [real]`: random policies, the oracle against the tracer, until the time is over or a difference is
 * found; with `real`, as root, also against real packets and the tracer over what the kernels have.
 */

import fc from 'fast-check';
import { compareTables } from '../lab/policy-tables.js';
import { PolicyWorld } from '../lab/policy-world.js';
import { compare } from '../suites/policy/compare.js';
import { services } from '../suites/policy/paths.js';
import { policies, questions } from '../suites/policy/random.js';

const words = process.argv.slice(2);
const [seconds = 60, first = Date.now() % 1_000_000] = words.filter(word => word !== 'real').map(Number);
const end = Date.now() + seconds * 1000;

let clusters = 0;
let packets = 0;
let dropped = 0;
let seed = first;
if (words.includes('real')) await realPackets();
else plans();
console.log(
  `seeds ${first}..${seed - 1}: ${clusters} clusters, ${packets} packets, ${dropped} of them dropped; no difference`,
);

function plans(): void {
  const each = 20;
  for (; Date.now() < end; seed++) {
    const counts = compare(seed, each);
    clusters += each;
    packets += counts.passed + counts.dropped;
    dropped += counts.dropped;
  }
}

async function realPackets(): Promise<void> {
  const world = new PolicyWorld(services());
  try {
    await world.ready();
    for (; Date.now() < end; seed++) {
      const [[objects, asked] = [[], []]] = fc.sample(fc.tuple(policies(), questions(80)), { seed, numRuns: 1 });
      const found = await compareTables(world, objects, asked);
      if (found.differences.length)
        throw new Error(`seed ${seed}: ${JSON.stringify(objects, null, 1)}\n${found.differences.join('\n')}`);
      clusters++;
      packets += found.packets;
      dropped += found.dropped;
    }
  } finally {
    world.close();
  }
}
