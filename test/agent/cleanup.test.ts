/** What `cleanup` takes off a node: all of podwire's and nothing else, and never under a running agent. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanup } from '../../src/agent/cleanup.js';
import { agentConfig } from '../../src/agent/config.js';
import { lockNode } from '../../src/agent/lock.js';
import { installConfig, installPlugin } from '../../src/cni/install.js';
import { Cidr } from '../../src/net/cidr.js';
import { addRequest, CONFIG, World } from './world.js';

test('a node is left as it was found', async () => {
  const world = new World();
  world.kernel.apply([
    {
      verb: 'add',
      object: {
        kind: 'route',
        destination: Cidr.of('192.0.2.0/24'),
        table: 254,
        type: 'unicast',
        nexthops: [{ link: 'eth0' }],
        protocol: 3,
      },
    },
  ]);
  const found = withoutSysctls(world.kernel.dump());
  const state = join(world.dir, 'agent');
  const config = agentConfig({
    ...CONFIG,
    stateDir: state,
    cniSocket: join(world.dir, 'cni', 'agent.sock'),
    cniBinDir: join(world.dir, 'bin'),
    cniConfDir: join(world.dir, 'net.d'),
  });
  mkdirSync(state);
  installPlugin(config.cniBinDir!, config.cniSocket);
  installConfig(config.cniConfDir!);
  const agent = world.start({ profile: 'bridge', overlay: 'vxlan' });
  world.pod('c1');
  await agent.attachments.add(addRequest('c1'));
  assert.notEqual(withoutSysctls(world.kernel.dump()), found);
  agent.network.stop();

  const unlock = lockNode(state);
  assert.throws(() => cleanup(config, world.kernel), /PW-N301/);
  unlock();
  assert.deepEqual(cleanup(config, world.kernel), []);
  assert.equal(withoutSysctls(world.kernel.dump()), found);
  for (const path of [
    state,
    join(world.dir, 'cni'),
    join(world.dir, 'bin', 'podwire'),
    join(world.dir, 'net.d', '10-podwire.conflist'),
  ]) {
    assert.equal(existsSync(path), false, path);
  }
  world.remove();
});

/** Settings are never taken back: nobody knows who else has come to rely on them. */
function withoutSysctls(dump: string): string {
  return dump
    .split('\n')
    .filter(line => !line.startsWith('sysctl') && !line.includes(' = '))
    .join('\n');
}
