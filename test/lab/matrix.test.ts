/** Every Pod reaches every Pod, every Service and the Internet: over all nodes, profiles, overlays and families, with real packets. */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { applyManifests } from '../../src/client/apply.js';
import { Ip } from '../../src/net/ip.js';
import type { Pod } from '../../src/objects/kinds.js';
import { resources } from '../../src/objects/resources.js';
import { get } from './http.js';
import { eventually, Lab, skip } from './lab.js';

const COMBINATIONS = [
  { profile: 'routed', overlay: 'none', family: 'dual' },
  { profile: 'routed', overlay: 'vxlan', family: 'dual' },
  { profile: 'bridge', overlay: 'none', family: 'dual' },
  { profile: 'bridge', overlay: 'vxlan', family: 'dual' },
  { profile: 'routed', overlay: 'none', family: 'ipv4' },
  { profile: 'routed', overlay: 'vxlan', family: 'ipv6' },
] as const;

/** Two echo servers on each of two nodes, and a Service in front of all. */
const MANIFESTS = [
  ...[1, 2].flatMap(node =>
    ['a', 'b'].map(which => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `echo-n${node}-${which}`, labels: { app: 'echo' } },
      spec: {
        nodeName: `n${node}`,
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'echo',
            image: 'registry.k8s.io/e2e-test-images/agnhost:2.53',
            args: ['netexec', '--http-port=8080'],
            readinessProbe: { httpGet: { path: '/hostname', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    })),
  ),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'echo' },
    spec: { selector: { app: 'echo' }, ipFamilyPolicy: 'PreferDualStack', ports: [{ port: 80, targetPort: 8080 }] },
  },
];

for (const { profile, overlay, family } of COMBINATIONS) {
  describe(`profile ${profile}, overlay ${overlay}, ${family} stack`, { skip }, () => {
    const lab = new Lab('matrix');
    let pods: Pod[] = [];
    after(() => lab.down());

    test('four Pods on two nodes become ready', async () => {
      await lab.up('--nodes', '2', '--profile', profile, '--overlay', overlay, '--ip-family', family);
      const api = await lab.api();
      await applyManifests(api, MANIFESTS, () => {});
      await eventually('all Pods ready', async () => {
        pods = (await api.list(resources.pods, { namespace: 'default' })).items;
        return (
          pods.length === 4 &&
          pods.every(pod => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'))
        );
      });
      for (const pod of pods) assert.equal(pod.status?.podIPs?.length, family === 'dual' ? 2 : 1);
    });

    test('each Pod reaches each Pod, which sees it under its own address', async () => {
      for (const from of pods) {
        for (const to of pods) {
          for (const { ip } of to.status!.podIPs!) {
            const seen = await get(netnsOf(lab, from), ip!, 8080, '/clientip');
            const own = from.status!.podIPs!.map(({ ip }) => ip!);
            assert.ok(
              own.includes(callerIn(seen)),
              `${from.metadata.name} → ${to.metadata.name} ${ip}: seen as ${seen}`,
            );
          }
        }
      }
    });

    test('each node reaches each Pod', async () => {
      for (const node of ['n1', 'n2'])
        for (const to of pods)
          for (const { ip } of to.status!.podIPs!)
            assert.match(await get(lab.at.netns(node), ip!, 8080, '/hostname'), /^echo-n/);
    });

    test('the Service answers Pods, nodes and this machine, in every family, and uses every endpoint', async () => {
      const service = await (await lab.api()).get(resources.services, { namespace: 'default', name: 'echo' });
      for (const ip of service.spec!.clusterIPs!) {
        for (const from of [...pods.map(pod => netnsOf(lab, pod)), lab.at.netns('n1'), lab.at.netns('n2'), undefined]) {
          const answered = new Set<string>();
          for (let i = 0; i < 40 && answered.size < pods.length; i++)
            answered.add((await get(from, ip, 80, '/hostname')).trim());
          assert.deepEqual(
            [...answered].sort(),
            pods.map(pod => pod.metadata.name).sort(),
            `from ${from ?? 'this machine'} to ${ip}`,
          );
        }
      }
    });

    test('Pods reach the Internet, which sees their node', async () => {
      const servers = ['203.0.113.100', '2001:db8::64'].filter(
        ip => family === 'dual' || ip.includes(':') === (family === 'ipv6'),
      );
      for (const pod of pods)
        for (const server of servers)
          assert.match(
            await get(netnsOf(lab, pod), server, 80, '/'),
            /Welcome to the Internet, (203\.0\.113\.1[12]|2001:db8::[bc])\n/,
          );
    });
  });
}

function netnsOf(lab: Lab, pod: Pod): string {
  return lab.at.podNetns(pod.metadata.uid!);
}

/** agnhost says `address:port`, IPv6 in brackets. */
function callerIn(seen: string): string {
  return String(
    Ip.parse(
      seen
        .trim()
        .replace(/:\d+$/, '')
        .replace(/^\[|\]$/g, ''),
    ) ?? seen,
  );
}
