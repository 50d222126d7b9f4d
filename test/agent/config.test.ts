/** The agent's configuration file: what is wrong in it is named, in one line. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentConfigFile, agentConfig, readAgentConfig } from '../../src/agent/config.js';
import { CONFIG } from './world.js';

test('families follow the pod CIDRs, the health socket stands beside the plugin’s', () => {
  const config = agentConfig({ ...CONFIG, podCidrs: ['fd00:10:244::/56'] });
  assert.deepEqual(config.families, [6]);
  assert.equal(config.healthSocket, '/nowhere/cni/health.sock');
});

test('the first wrong field is named', () => {
  const table: readonly [Partial<Record<keyof AgentConfigFile, unknown>>, RegExp][] = [
    [{ node: '' }, /node is missing/],
    [{ cniSocket: undefined }, /cniSocket is missing/],
    [{ profile: 'magic' }, /profile 'magic' is neither routed nor bridge/],
    [{ overlay: 'ipip' }, /overlay 'ipip' is neither none nor vxlan/],
    [{ podCidrs: [] }, /podCidrs is empty/],
    [{ podCidrs: '10.244.0.0/16' }, /podCidrs is no list/],
    [{ podCidrs: ['10.244.0.1/16'] }, /podCidrs: '10\.244\.0\.1\/16'/],
    [{ serviceCidrs: ['x'] }, /serviceCidrs: 'x'/],
    [{ dns: { addresses: ['10.96.0'] } }, /dns\.addresses: '10\.96\.0'/],
    [
      { dns: { addresses: [], clusterDomain: 'cluster.local', upstreams: ['resolver#53'] } },
      /dns\.upstreams: 'resolver#53'/,
    ],
    [
      { dns: { addresses: [], clusterDomain: 'cluster.local', upstreams: ['10.0.0.1#70000'] } },
      /dns\.upstreams: '10\.0\.0\.1#70000'/,
    ],
  ];
  for (const [change, expected] of table)
    assert.throws(() => agentConfig({ ...CONFIG, ...change } as AgentConfigFile), expected);
  assert.throws(() => readAgentConfig('/nowhere/agent.json'), /PW-A202/);
});
