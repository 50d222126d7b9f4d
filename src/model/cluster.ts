/** What the network needs to know of a cluster: immutable entries, indexed. Knows no kernel and decides nothing. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import type { Family, Ip } from '../net/ip.js';
import type { KubeObject } from '../objects/meta.js';
import type { Namespace } from '../objects/namespace.js';
import type { Node } from '../objects/node.js';
import type { Pod } from '../objects/pod.js';
import type { Service } from '../objects/service.js';
import type { PolicyEntry } from './policy.js';
import type { Problem } from './problem.js';

/** A view of the cluster's present state. The maps are live, the entries in them immutable: a changed entry is another value. */
export interface Cluster {
  /** By name. */
  readonly nodes: ReadonlyMap<string, NodeEntry>;
  /** By name. */
  readonly namespaces: ReadonlyMap<string, NamespaceEntry>;
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, PodEntry>;
  /** By the address's text. Pods of the host's network and finished ones are not in it. */
  readonly podsByIp: ReadonlyMap<string, PodEntry>;
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, ServiceEntry>;
  /** By key: `NetworkPolicy namespace/name` or `ClusterNetworkPolicy name`. */
  readonly policies: ReadonlyMap<string, PolicyEntry>;
  /** By the ClusterIP's text: the one Service that owns it. */
  serviceByClusterIP(ip: string): ServiceEntry | undefined;
  /** The one Service that owns an external front; without `ip`: a node port. */
  serviceByExternal(ip: Ip | undefined, protocol: Protocol, number: number): ServiceEntry | undefined;
  /** Everything wrong with any object now. */
  problems(): readonly Problem[];
}

export interface NodeEntry {
  readonly name: string;
  readonly object: Node;
  /** Usable ones only: well-formed and not overlapping another node's. */
  readonly podCidrs: readonly Cidr[];
  /** Its InternalIPs in the order of its status. */
  readonly addresses: readonly Ip[];
  /** Its label topology.kubernetes.io/zone. */
  readonly zone?: string;
  readonly problems: readonly Problem[];
}

export interface NamespaceEntry {
  readonly name: string;
  readonly object: Namespace;
  readonly labels: ReadonlyMap<string, string>;
}

export interface PodEntry {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly object: Pod;
  readonly labels: ReadonlyMap<string, string>;
  readonly ips: readonly Ip[];
  readonly nodeName?: string;
  readonly created: number;
  readonly hostNetwork: boolean;
  /** Succeeded or Failed: its addresses are no longer its own. */
  readonly finished: boolean;
}

/** A Service with all its EndpointSlices: replaced as a whole when any of them changes. */
export interface ServiceEntry {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: Service;
  /** Milliseconds since the epoch; 0 when unknown. */
  readonly created: number;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** clusterIP is None: no virtual address, DNS gives the endpoints. */
  readonly headless: boolean;
  /** Usable ones only: inside the Service CIDRs and owned by this Service alone. */
  readonly clusterIPs: readonly Ip[];
  /** Where it is reached from outside the cluster, too: none for most Services. */
  readonly externals: readonly ExternalFront[];
  readonly ports: readonly ServicePort[];
  /** `Local`: of what comes in by a ClusterIP (or by an external front, from outside) a node uses its own endpoints only. */
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
  /** sessionAffinity ClientIP: the seconds after which a client that was silent is forgotten, 1..86400. */
  readonly affinitySeconds?: number;
  /** Who may use its LoadBalancer addresses; left out: everybody. */
  readonly sourceRanges?: readonly Cidr[];
  /** Where load balancers ask each node for endpoints of its own, 1..65535; only with externalTrafficPolicy Local. */
  readonly healthCheckNodePort?: number;
  readonly publishNotReadyAddresses: boolean;
  readonly slices: readonly SliceEntry[];
  readonly problems: readonly Problem[];
}

export type TrafficPolicy = 'Cluster' | 'Local';

/** An address and port outside of the Service ranges which leads to one of a Service's ports, and to no other Service's. */
export interface ExternalFront {
  readonly via: 'NodePort' | 'LoadBalancer' | 'ExternalIP';
  /** Left out: every node's own addresses. */
  readonly ip?: Ip;
  /** 1..65535: the node port, or the Service's own port. */
  readonly number: number;
  readonly port: ServicePort;
}

export interface ServicePort {
  /** Empty where a Service's only port has no name; slices refer to ports by this name. */
  readonly name: string;
  readonly protocol: Protocol;
  /** 1..65535. */
  readonly port: number;
}

export interface SliceEntry {
  /** `namespace/name` of the slice. */
  readonly key: string;
  readonly family: Family;
  readonly ports: readonly ServicePort[];
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly Problem[];
}

export interface Endpoint {
  readonly ip: Ip;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  /** Zones whose nodes should use it, of hints.forZones; left out: no such hint. */
  readonly forZones?: readonly string[];
  /** Nodes that should use it, of hints.forNodes. */
  readonly forNodes?: readonly string[];
  /** `namespace/name` of the Pod behind it, when there is one. */
  readonly pod?: string;
}

/** One of the things that a plan is made of, by kind and key (a name, or `namespace/name`). */
export interface Subject {
  readonly kind: 'Node' | 'Namespace' | 'Pod' | 'Service' | 'Policy';
  readonly key: string;
}

/** The entries that an event replaced, appeared or removed. Empty when the event told nothing new. */
export type Change = readonly Subject[];

/** What a watch says; `object` of a delete needs only kind and metadata. */
export interface ClusterEvent {
  readonly type: 'upsert' | 'delete';
  readonly object: KubeObject;
}
