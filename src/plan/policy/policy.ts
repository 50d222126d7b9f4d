/** Policies as data: by a Pod's address what decides of its connections, and sets of those whom rules speak of. */

import type { NftElement } from '../../kernel/nft-objects.js';
import type { PodEntry } from '../../model/cluster.js';
import type { PolicyEntry } from '../../model/policy.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Ip } from '../../net/ip.js';
import { type Feature, type FeatureOf, NOTHING } from '../feature.js';
import { element } from '../nft.js';
import { judgement } from './chains.js';
import { type Direction, verdicts } from './direction.js';
import { namedPorts } from './ports.js';
import { baseChains, maps } from './rules.js';
import { namedPortSet, nodesSet, podsSet, setsOf, type UsedPods } from './sets.js';

/** What is decided of this node's own Pods. */
const judged: FeatureOf<'Attachment'> = {
  name: 'policy pods',
  per: 'Attachment',
  plan: (attachment, world) => {
    const { id, namespace, name, ips, leaving } = attachment;
    const policies = leaving ? undefined : world.policies.concerning(id);
    // As long as nobody knows, nothing passes.
    if (!policies) return leaving ? NOTHING : baseChains(world.settings);
    const pod = world.cluster.pods.get(`${namespace}/${name}`);
    const ports = pod ? namedPorts(pod) : [];
    const judged = (to: Direction | 'node') =>
      ips.flatMap(ip => {
        const { family } = ip;
        const { chains, verdict } =
          to === 'node'
            ? judgement(towardsNode(policies), 'egress', family, ports)
            : judgement(policies, to, family, ports);
        return [...chains, element(verdicts(to, family), [ip], `Pod ${namespace}/${name}`, verdict)];
      });
    const objects = [...judged('egress'), ...judged('node'), ...judged('ingress')];
    return objects.some(({ kind }) => kind === 'chain') ? [...objects, ...baseChains(world.settings)] : objects;
  },
};

/** "Traffic to and from the node where a Pod is running is always allowed" by NetworkPolicies; the other tiers say of nodes what they like. */
function towardsNode(policies: readonly PolicyEntry[]): readonly PolicyEntry[] {
  return policies.filter(({ tier }) => tier !== 'NetworkPolicy');
}

/** The sets of policies that concern any of them. */
const sets: FeatureOf<'Policy'> = {
  name: 'policy sets',
  per: 'Policy',
  plan: (policy, { policies }) => (policies.isUsed(policy) ? setsOf(policy) : NOTHING),
};

/** A Pod anywhere, in the sets that have it. An address that two claim is in those of its owner. */
const pods: FeatureOf<'Pod'> = {
  name: 'policy members',
  per: 'Pod',
  plan: (pod, { cluster, policies }) => {
    const ips = pod.ips.filter(ip => cluster.podsByIp.get(`${ip}`)?.key === pod.key);
    const found = ips.length ? policies.podsWith(pod).flatMap(used => membership(pod, ips, used)) : NOTHING;
    return found.length ? found : NOTHING;
  },
};

function membership(pod: PodEntry, ips: readonly Ip[], { pods, port }: UsedPods): NftElement[] {
  const cause = `Pod ${pod.key}`;
  if (port === undefined) return ips.map(ip => element(podsSet(pods, ip.family).name, [ip], cause));
  const ports = namedPorts(pod).filter(({ name }) => name === port);
  return ips.flatMap(ip => {
    const { name } = namedPortSet(pods, port, ip.family);
    return ports.map(one => element(name, [ip, PROTOCOL_NUMBERS[one.protocol], one.port], cause));
  });
}

/** A Node's addresses. */
const nodes: FeatureOf<'Node'> = {
  name: 'policy nodes',
  per: 'Node',
  plan: (node, { policies }) =>
    policies
      .nodesWith(node)
      .flatMap(selector =>
        node.addresses.map(ip => element(nodesSet(selector, ip.family).name, [ip], `Node ${node.name}`)),
      ),
};

export const policy: readonly Feature[] = [maps, judged, sets, pods, nodes];
