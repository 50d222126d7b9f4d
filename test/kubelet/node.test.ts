/** What a Node says of itself: its labels, and the zone that the lab deals out. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labConfig, nodeNames, zoneOf } from '../../src/lab/config.js';
import { nodeObject } from '../../src/lab/kubelet/node-object.js';

const machine = {
  cpus: 2,
  memory: 1 << 30,
  arch: 'amd64',
  kernel: '6.1',
  osImage: 'Debian',
  machineId: 'm',
  bootId: 'b',
  version: 'v1.32.0',
};
const labels = (zone?: string) => nodeObject({ name: 'n1', addresses: ['172.30.0.11'], zone }, machine).metadata.labels;

describe('a Node', () => {
  it('has the labels that a kubelet sets, and a zone where there are zones', () => {
    const own = {
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
    };
    assert.deepEqual(labels('b'), { ...own, 'topology.kubernetes.io/zone': 'b' });
    assert.deepEqual(labels(), own);
  });

  /** Nodes and zones asked for, and the zone of each node. */
  const rows: readonly (readonly [given: { nodes?: number; zones?: number }, zones: string])[] = [
    [{}, 'a b c'],
    [{ nodes: 1 }, 'a'],
    [{ nodes: 5 }, 'a b c a b'],
    [{ nodes: 4, zones: 2 }, 'a b a b'],
    [{ nodes: 2, zones: 1 }, 'a a'],
    [{ nodes: 2, zones: 0 }, '- -'],
  ];
  for (const [given, zones] of rows) {
    it(`of a lab with ${JSON.stringify(given)} is in ${zones}`, () => {
      const config = labConfig(given);
      assert.equal(
        nodeNames(config)
          .map((_, i) => zoneOf(config, i) ?? '-')
          .join(' '),
        zones,
      );
    });
  }

  it('and so many zones there are not', () => {
    for (const zones of [-1, 27, 1.5]) assert.throws(() => labConfig({ zones }), /PW-L801 zones/);
  });
});
