/** The table of policies with real packets, and what a trace says of the same kernel. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openFlows } from '../../src/host/flow-kernel.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Profile } from '../../src/plan/attachment.js';
import { CASES, type PlaceName } from '../suites/policy-node/cases.js';
import { addressesOf, OBJECTS, PODS, PORTS, target } from '../suites/policy-node/cluster.js';
import { policySuite } from '../suites/policy-node/suite.js';
import { skip } from './lab.js';
import { PlannedNode, route } from './plan-node.js';
import { askTcp, askUdp, type Stop, serve } from './talk.js';

/** Milliseconds after which what is silent was dropped. */
const SILENCE = 250;

class RealNode {
  readonly planned: PlannedNode;
  readonly #netns: Record<string, string>;
  readonly #servers: Stop[];
  #policies: readonly KubeObject[] = [];

  constructor(profile: Profile) {
    this.planned = new PlannedNode(profile);
    const { planned } = this;
    planned.apply(...OBJECTS);
    this.#netns = { node: planned.netns, outside: planned.outside };
    for (const [name, namespace] of Object.entries(PODS))
      this.#netns[name] = planned.addPod(`${namespace}/${name}`, ...addressesOf(name as PlaceName));
    const [node4, node6] = addressesOf('node');
    planned.meddle(planned.outside, route('10.244.1.0/24', node4!), route('fd00:10:244:1::/64', node6!));
    this.#servers = Object.entries(this.#netns).flatMap(([name, netns]) => PORTS.map(port => serve(netns, name, port)));
  }

  apply(policies: readonly KubeObject[]): void {
    this.planned.forget(...this.#policies);
    this.planned.apply(...policies);
    this.#policies = policies;
  }

  async ask({ from, to, port, protocol }: Parameters<Parameters<typeof policySuite>[1]['ask']>[0]) {
    const ask =
      protocol === 'TCP'
        ? askTcp
        : (...[netns, ip, port, patience]: Parameters<typeof askTcp>) => askUdp(netns, ip, port, undefined, patience);
    const answer = await ask(this.#netns[from]!, String(to), port, SILENCE);
    if (answer === 'silence') return 'dropped';
    assert.match(answer, /^\w+ [\d.:a-f]+$/);
    return 'passes';
  }

  close(): void {
    for (const stop of this.#servers) stop();
    this.planned.close();
  }
}

for (const profile of ['routed', 'bridge'] as const)
  describe(`a real node, profile ${profile}`, { skip }, () => {
    let node: RealNode;
    before(() => {
      node = new RealNode(profile);
    });
    after(() => node?.close());
    policySuite('real packets', { apply: policies => node.apply(policies), ask: question => node.ask(question) });
    it('drops are counted by who decided them', async () => {
      const [deny] = CASES.find(({ title }) => title.startsWith('an empty ingress'))!.policies;
      node.apply([deny!]);
      assert.equal(await node.ask({ from: 'client', protocol: 'UDP', ...target('web:8080', 4) }), 'dropped');
      const flows = openFlows(node.planned.netns);
      const [counted] = flows.counted().filter(({ chain }) => chain.startsWith('policy-ingress-'));
      flows.close();
      assert.equal(counted?.cause, 'isolated for ingress by NetworkPolicy default/p');
      assert.equal(counted?.packets, 1);
    });
    it('and the kernel has what was planned', () => assert.deepEqual(node.planned.differences(), []));
  });
