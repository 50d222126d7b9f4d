/** What every node needs before any feature: the table, and the kernel switches that make it a router. */

import { TABLE } from '../../kernel/kind.js';
import type { Feature } from '../feature.js';

export const base: Feature = {
  name: 'base',
  per: 'Self',
  plan: ({ link }) => [
    { kind: 'table', family: 'inet', name: TABLE },
    ...SYSCTLS.map(([name, value]) => ({ kind: 'sysctl', name: name.replace('LINK', link), value }) as const),
  ],
};

/** route_localnet is never set: it would let neighbours reach the node's own 127.0.0.1 (CVE-2020-8558). */
const SYSCTLS = [
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
  // Loose: with several ways between nodes a reply may come in on another link. Pods are held by the spoof guard instead,
  // which is exact. The kernel takes the greater of `all` and the link's own, so this also lowers a strict 1.
  ['net/ipv4/conf/all/rp_filter', '2'],
  // Links made from now on take no routes from router advertisements: a Pod could send them (CVE-2020-13597).
  ['net/ipv6/conf/default/accept_ra', '0'],
  // A segment outside of the window is not translated back, and so would reach a client under the Pod's own address, which
  // answers with a reset (kubernetes#74839). To drop such segments would cut connections of which this node sees one way
  // only (#94861); so connection tracking takes them as they are.
  ['net/netfilter/nf_conntrack_tcp_be_liberal', '1'],
  // The same for a reset, which is judged apart: it goes back translated, changes nothing here, and its receiver judges it.
  ['net/netfilter/nf_conntrack_tcp_ignore_invalid_rst', '1'],
  // A connection that one side has closed may go on for long the other way: an hour, as with kube-proxy, not the kernel's minute.
  ['net/netfilter/nf_conntrack_tcp_timeout_close_wait', '3600'],
  // What comes in by one link and leaves by the same is meant to: two Pods of a bridge, a connection from outside to a
  // ClusterIP. Telling the sender of a short cut would lead it past the rules. The kernel sends if any of these says so.
  ['net/ipv4/conf/LINK/send_redirects', '0'],
  ['net/ipv4/conf/all/send_redirects', '0'],
  ['net/ipv4/conf/default/send_redirects', '0'],
] as const;
