/** Policies in time: they hold from a Pod's first moment, and a change holds from the next packet of a connection that is there already. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withNamespace } from '../../src/host/namespace.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { addressesOf, OBJECTS, PODS } from '../suites/policy-node/cluster.js';
import { Flood } from './flood.js';
import { skip } from './lab.js';
import { PlannedNode, route } from './plan-node.js';
import { Sequence } from './sequence.js';

const CHANGES = 1000;
const LIVES = 100;

const DENY: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny', namespace: 'default' },
  spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] },
};

describe('policies in time', { skip }, () => {
  let node: PlannedNode;
  const netns: Record<string, string> = {};

  before(() => {
    node = new PlannedNode('routed');
    node.apply(...OBJECTS);
    for (const [name, namespace] of Object.entries(PODS))
      netns[name] = node.addPod(`${namespace}/${name}`, ...addressesOf(name as keyof typeof PODS));
    node.meddle(node.outside, route('10.244.1.0/24', '172.30.0.11'));
  });
  after(() => node?.close());

  it(`${CHANGES} changes under one connection: no forbidden packet passes and no allowed one is lost`, async () => {
    const sequence = new Sequence(netns.client!, netns.web!, addressesOf('web')[0]!);
    const allowed = { sent: 0, arrived: 0 };
    const forbidden = { sent: 0, arrived: 0 };
    const count = (counts: typeof allowed, first: number, last: number) => {
      counts.sent += last - first;
      counts.arrived += sequence.arrived(first, last);
    };
    try {
      await sequence.arrival(await sequence.more(10));
      for (let i = 0; i < CHANGES / 2; i++) {
        node.apply(DENY);
        const denied = sequence.begun + 1;
        const last = await sequence.more(10);
        // What is still on its way when policy changes is judged by what is true then.
        await sleep(1);
        node.forget(DENY);
        const open = sequence.begun + 1;
        count(forbidden, denied, last);
        const end = await sequence.more(10);
        await sequence.arrival(end);
        count(allowed, open, end);
      }
    } finally {
      await sequence.close();
    }
    assert.equal(forbidden.arrived, 0, `of ${forbidden.sent} forbidden`);
    assert.equal(allowed.arrived, allowed.sent);
    assert.ok(allowed.sent > 4 * CHANGES && forbidden.sent > 4 * CHANGES, `${allowed.sent} and ${forbidden.sent} sent`);
  });

  it(`${LIVES} Pods under a flood from their first moment: not one packet reaches those whom policy isolates`, async () => {
    const ip = (i: number) => `10.244.1.${100 + i}`;
    const flood = new Flood(
      node.outside,
      Array.from({ length: LIVES }, (_, i) => ip(i)),
    );
    const isolated: string[] = [];
    const open: string[] = [];
    try {
      await flood.started;
      node.apply(DENY);
      for (let i = 0; i < LIVES; i++) {
        // Every tenth is concerned by nothing, and shows that the flood is there.
        const isOpen = i % 10 === 0;
        const name = `life-${i}`;
        node.apply(podObject(name, ip(i), isOpen ? {} : { app: 'web' }));
        (isOpen ? open : isolated).push(node.addPod(name, ip(i)));
        await sleep(5);
      }
      await sleep(200);
    } finally {
      await flood.close();
    }
    assert.deepEqual(isolated.map(packetsIn), new Array(isolated.length).fill(0));
    assert.ok(
      open.map(packetsIn).every(packets => packets > 0),
      `${open.map(packetsIn)}`,
    );
  });
});

function podObject(name: string, ip: string, labels: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { nodeName: 'n1', containers: [] },
    status: { phase: 'Running', podIPs: [{ ip }] },
  };
}

/** IPv4 packets that ever came in there. */
function packetsIn(netns: string): number {
  const [names, values] = withNamespace(netns, () => readFileSync('/proc/thread-self/net/snmp', 'utf8'))
    .split('\n')
    .filter(line => line.startsWith('Ip:'))
    .map(line => line.split(' '));
  return Number(values![names!.indexOf('InReceives')]);
}
