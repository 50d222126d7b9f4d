/** A Pod's host port is reached at its node, from everywhere, under the client's own address where nothing forbids it. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { applyManifests } from '../../src/client/apply.js';
import { addresses, labConfig } from '../../src/lab/config.js';
import { resources } from '../../src/objects/resources.js';
import { eventually, Lab, skip } from './lab.js';
import { idlePod, MACHINE, type Place, place, start } from './pods.js';
import { askTcp, askUdp, type Stop, serve, Talker } from './talk.js';

const PORT = 8088;

/** Holds port 8080 at 8088 of its node. */
const web = (name: string) =>
  idlePod(name, 'n1', {
    containers: [
      {
        name: 'idle',
        image: 'registry.k8s.io/pause:3.10',
        ports: ['TCP', 'UDP'].map(protocol => ({ protocol, containerPort: 8080, hostPort: PORT })),
      },
    ],
  });

describe('host ports', { skip }, () => {
  const lab = new Lab('ports');
  const at = addresses(labConfig({ nodeCidrs: ['172.29.250.0/24', 'fd00:172:29::/64'] }));
  const nodeIP = (node: string, family: 4 | 6) => `${at.node(node).find(ip => ip.family === family)}`;
  let pods: Record<string, Place>;
  let stops: Stop[] = [];

  before(async () => {
    await lab.up('--nodes', '2');
    pods = await start(lab, [web('web'), idlePod('near', 'n1'), idlePod('far', 'n2')]);
    stops = [serve(pods.web!.netns, 'web', 8080)];
  });
  after(async () => {
    for (const stop of stops) stop();
    await lab.down();
  });

  /** [who asks, from which namespace, under which address it is seen] */
  const askers: readonly (readonly [string, () => string, (family: 4 | 6) => string])[] = [
    ['a Pod of the node', () => pods.near!.netns, family => pods.near![family]],
    ['a Pod of another node', () => pods.far!.netns, family => pods.far![family]],
    ['the Pod itself', () => pods.web!.netns, family => nodeIP('n1', family)],
    ['the node itself', () => lab.at.netns('n1'), family => nodeIP('n1', family)],
    ['another node', () => lab.at.netns('n2'), family => nodeIP('n2', family)],
    ['this machine', () => MACHINE, family => `${at.host.find(ip => ip.family === family)}`],
  ];
  for (const family of [4, 6] as const)
    for (const [who, netns, seen] of askers)
      it(`IPv${family}: ${who} reaches it by TCP and UDP`, async () => {
        for (const ask of [askTcp, askUdp])
          assert.equal(await ask(netns(), nodeIP('n1', family), PORT), `web ${seen(family)}`);
      });

  it('another node has no such port', async () => {
    assert.equal(await askTcp(pods.near!.netns, nodeIP('n2', 4), PORT), 'ECONNREFUSED');
  });

  it('a second Pod with it waits, says why, and has it when the first one goes, also for a client that keeps its port', async () => {
    const api = await lab.api();
    const talker = new Talker(pods.far!.netns, nodeIP('n1', 4), PORT);
    try {
      assert.match(await talker.ask(), /^web /);
      await applyManifests(api, [web('next')], () => {});
      await eventually('an Event says why', async () => {
        const { items } = await api.list(resources.events, { namespace: 'default' });
        return items.some(
          ({ involvedObject, message }) =>
            involvedObject.name === 'next' && message?.includes('host port TCP/8088 is taken by Pod default/web'),
        );
      });
      for (const stop of stops) stop();
      await api.delete(resources.pods, { namespace: 'default', name: 'web' });
      stops = [serve((await place(lab, 'next')).netns, 'next', 8080)];
      await eventually('the client is at the new Pod', async () => (await talker.ask()).startsWith('next '));
    } finally {
      talker.close();
    }
  });
});
