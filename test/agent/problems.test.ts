/** Who says what about whom: one agent for all Services, each agent for its own Node, and each problem once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemReporter } from '../../src/agent/problems.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import { Cidr } from '../../src/net/cidr.js';

const node = (name: string, cidr: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDRs: [cidr] },
});
const service = (name: string, clusterIP: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name, uid: `uid-${name}` },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
});

/** What the agent of each of these nodes says after each of these steps. */
async function heard(nodes: readonly string[], steps: readonly (readonly object[])[]): Promise<string[][]> {
  const said = nodes.map(() => [] as string[]);
  const builder = new ClusterBuilder({ serviceCidrs: [Cidr.of('10.96.0.0/16')] });
  const reporters = nodes.map((name, i) => {
    const record = ({ kind, name }: { kind: string; name: string }, _: string, reason: string, message: string) =>
      void said[i]!.push(`${kind} ${name} ${reason} ${message.slice(0, 7)}`);
    return new ProblemReporter(name, { record, close: async () => {} }, 1);
  });
  for (const step of steps) {
    const change = step.flatMap(object => builder.apply({ type: 'upsert', object: object as never }));
    for (const reporter of reporters) reporter.changed(change, builder.cluster);
    await sleep(10);
  }
  return said;
}

test('a Service outside the range: the first node speaks, once, and again only after it was well', async () => {
  const both = [node('n1', '10.244.1.0/24'), node('n2', '10.244.2.0/24')];
  const wrong = service('web', '192.0.2.7');
  const said = await heard(['n1', 'n2'], [[...both, wrong], [wrong], [service('web', '10.96.0.7')], [wrong]]);
  const line = 'Service web ServiceProblem PW-S401';
  assert.deepEqual(said, [[line, line], []]);
});

test('a Node with an overlapping pod CIDR speaks for itself', async () => {
  const said = await heard(['n1', 'n2'], [[node('n1', '10.244.0.0/16'), node('n2', '10.244.2.0/24')]]);
  assert.deepEqual(said, [[], ['Node n2 NodeNetworkProblem PW-N313']]);
});

test('what is mended at once was no problem', async () => {
  const said = await heard(['n1'], [[node('n1', 'nonsense'), node('n1', '10.244.1.0/24')]]);
  assert.deepEqual(said, [[]]);
});
