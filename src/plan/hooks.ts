/** Where podwire's base chains hook in, and in which order: one row per chain, the reason above it. */

import type { Hook } from '../kernel/nft-objects.js';

/** NF_IP_PRI_* of linux/netfilter_ipv4.h. */
const RAW = -300;
const MANGLE = -150;
const DSTNAT = -100;
const FILTER = 0;
const SRCNAT = 100;

export const HOOKS = {
  // Before conntrack: a spoofed packet must not cost a connection entry, nor be taken for a reply of somebody else's.
  'from-pods': { type: 'filter', hook: 'prerouting', priority: RAW, policy: 'accept' },
  // A query that its server is there for needs no entry. After the guard, as a forged one needs no answer either.
  dns: { type: 'filter', hook: 'prerouting', priority: RAW + 1, policy: 'accept' },
  // The same for the node's own processes; the server's replies and its sign of life pass here, too.
  'dns-local': { type: 'filter', hook: 'output', priority: RAW, policy: 'accept' },
  // A query that is tracked has no server here.
  'dns-elsewhere': { type: 'nat', hook: 'prerouting', priority: DSTNAT - 1, policy: 'accept' },
  'dns-elsewhere-local': { type: 'nat', hook: 'output', priority: DSTNAT - 1, policy: 'accept' },
  // A Service is resolved before routing, so that the endpoint decides the way.
  services: { type: 'nat', hook: 'prerouting', priority: DSTNAT, policy: 'accept' },
  // The same for connections of the node's own processes, which never pass prerouting.
  'services-local': { type: 'nat', hook: 'output', priority: DSTNAT, policy: 'accept' },
  // Which client went to which endpoint, for session affinity: after DNAT, and before SNAT hides the client.
  affinity: { type: 'filter', hook: 'postrouting', priority: MANGLE, policy: 'accept' },
  // The same for endpoints that are this node's own processes, which no packet leaves for.
  'affinity-local': { type: 'filter', hook: 'input', priority: MANGLE, policy: 'accept' },
  // After DNAT: what still has a ClusterIP as its destination has no endpoint. Reject is possible only from here on.
  refuse: { type: 'filter', hook: 'forward', priority: FILTER, policy: 'accept' },
  'refuse-local': { type: 'filter', hook: 'output', priority: FILTER, policy: 'accept' },
  // A node port is an address of the node itself: without an endpoint its packets stay here.
  'refuse-input': { type: 'filter', hook: 'input', priority: FILTER, policy: 'accept' },
  // After DNAT and before SNAT: the real ends of a connection. A Service without endpoints is refused whoever asks.
  'policy-egress': { type: 'filter', hook: 'forward', priority: FILTER + 1, policy: 'accept' },
  'policy-ingress': { type: 'filter', hook: 'forward', priority: FILTER + 2, policy: 'accept' },
  // Between a Pod and the node itself, which no forwarded packet is.
  'policy-input': { type: 'filter', hook: 'input', priority: FILTER + 1, policy: 'accept' },
  'policy-output': { type: 'filter', hook: 'output', priority: FILTER + 1, policy: 'accept' },
  // Before masquerade, which would choose the address of the link: here it must be one that Pods can answer to.
  'services-source': { type: 'nat', hook: 'postrouting', priority: SRCNAT - 1, policy: 'accept' },
  // The last word on the source of what leaves the cluster.
  'masquerade-pods': { type: 'nat', hook: 'postrouting', priority: SRCNAT, policy: 'accept' },
} as const satisfies Record<string, Hook>;
