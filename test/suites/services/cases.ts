/** What every way of programming Services must do, as tables: objects, packets, outcomes. Written from the API's documents, by hand. */

import type { PlaceName } from './places.js';

/** An endpoint, ready and of its place's node and zone unless it says otherwise. */
export interface EndpointSpec {
  readonly at: PlaceName;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly forZones?: readonly string[];
  readonly forNodes?: readonly string[];
}

export interface ServiceSpec {
  /** Fields of spec beside addresses and ports. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** LoadBalancer addresses by number; `proxy` of ipMode Proxy. */
  readonly balancer?: readonly number[];
  readonly proxy?: readonly number[];
  /** LoadBalancer addresses which are a node's own. */
  readonly balancerAt?: readonly PlaceName[];
  /** External IPs by number. */
  readonly external?: readonly number[];
  readonly nodePort?: number;
  readonly endpoints: readonly (PlaceName | EndpointSpec)[];
  /** The port's name in the slices, where it differs from the Service's. */
  readonly sliceport?: string;
}

/** `clusterIP:80`, `n2:30080`, `balancer1:80`, `external129:80`; every Service has port 80. */
export type Front = string;

/**
 * `a1 b1`: the endpoints that must be used, all of them. `kept`: each sees the client's own address. `same`: one of them, and
 * the same client always the same. `elsewhere`: it is not the Service that answers.
 */
export type Expected = string;

export interface Case {
  readonly title: string;
  readonly service: ServiceSpec;
  readonly packets: readonly (readonly [from: PlaceName, to: Front, expected: Expected])[];
}

const terminating = (at: PlaceName): EndpointSpec => ({ at, ready: false, serving: true, terminating: true });
const unready = (at: PlaceName): EndpointSpec => ({ at, ready: false, serving: false });
const NODE_PORT = { type: 'NodePort' };
const BALANCER = { type: 'LoadBalancer' };
const LOCAL = { externalTrafficPolicy: 'Local' };

export const CASES: readonly Case[] = [
  {
    title: 'a ClusterIP leads to every ready endpoint, from everywhere in the cluster',
    service: { endpoints: ['a1', 'b1', unready('c1')] },
    packets: [
      ['a2', 'clusterIP:80', 'a1 b1 kept'],
      ['c1', 'clusterIP:80', 'a1 b1 kept'],
      ['n1', 'clusterIP:80', 'a1 b1'],
      ['n3', 'clusterIP:80', 'a1 b1'],
    ],
  },
  {
    title: 'a Pod reaches itself through its own Service',
    service: { endpoints: ['a1'] },
    packets: [
      ['a1', 'clusterIP:80', 'a1'],
      ['a2', 'clusterIP:80', 'a1 kept'],
    ],
  },
  {
    title: 'a Pod among its own endpoints reaches all of them',
    service: { endpoints: ['a1', 'a2', 'b1'] },
    packets: [['a1', 'clusterIP:80', 'a1 a2 b1']],
  },
  {
    title: 'an endpoint of the host network, from its own node and from others',
    service: { endpoints: ['host'] },
    packets: [
      ['b1', 'clusterIP:80', 'host'],
      ['a1', 'clusterIP:80', 'host'],
      ['n2', 'clusterIP:80', 'host'],
      ['n1', 'clusterIP:80', 'host'],
    ],
  },
  {
    title: 'no endpoint: refused at once, wherever the client is',
    service: { spec: NODE_PORT, nodePort: 30080, endpoints: [] },
    packets: [
      ['a1', 'clusterIP:80', 'refused'],
      ['n2', 'clusterIP:80', 'refused'],
      ['a1', 'n1:30080', 'refused'],
      ['outside', 'n1:30080', 'refused'],
    ],
  },
  {
    title: 'none that is ready is as none',
    service: { endpoints: [unready('a1'), unready('b1')] },
    packets: [['c1', 'clusterIP:80', 'refused']],
  },
  {
    title: 'an address of a node is no Service’s, whatever its status says',
    service: { spec: BALANCER, balancer: [1], balancerAt: ['n1', 'n2'], endpoints: ['b1'] },
    packets: [
      ['a1', 'n2:80', 'elsewhere'],
      ['n3', 'n1:80', 'elsewhere'],
      ['outside', 'n1:80', 'elsewhere'],
      ['a1', 'balancer1:80', 'b1'],
    ],
  },
  {
    title: 'a port that the Service does not have: refused',
    service: { endpoints: ['a1'] },
    packets: [
      ['b1', 'clusterIP:81', 'refused'],
      ['n3', 'clusterIP:81', 'refused'],
    ],
  },
  {
    title: 'a slice whose port has another name is none of this port',
    service: { endpoints: ['a1'], sliceport: 'other' },
    packets: [['b1', 'clusterIP:80', 'refused']],
  },
  {
    title: 'endpoints that end are not used while another is ready',
    service: { endpoints: [terminating('a1'), 'b1'] },
    packets: [['c1', 'clusterIP:80', 'b1 kept']],
  },
  {
    title: 'endpoints that end take connections when they are the last',
    service: { endpoints: [terminating('a1'), terminating('b1'), unready('c1')] },
    packets: [['a2', 'clusterIP:80', 'a1 b1 kept']],
  },
  {
    title: 'endpoints that end and no longer serve are none',
    service: { endpoints: [{ at: 'a1', ready: false, serving: false, terminating: true }] },
    packets: [['a2', 'clusterIP:80', 'refused']],
  },
  {
    title: 'publishNotReadyAddresses uses them all',
    service: { spec: { publishNotReadyAddresses: true }, endpoints: ['a1', unready('b1')] },
    packets: [['c1', 'clusterIP:80', 'a1 b1 kept']],
  },
  {
    title: 'internalTrafficPolicy Local: the endpoints of the client’s node, dropped where there is none',
    service: { spec: { internalTrafficPolicy: 'Local' }, endpoints: ['a1', 'b1'] },
    packets: [
      ['a2', 'clusterIP:80', 'a1 kept'],
      ['b1', 'clusterIP:80', 'b1'],
      ['n1', 'clusterIP:80', 'a1'],
      ['c1', 'clusterIP:80', 'dropped'],
      ['n3', 'clusterIP:80', 'dropped'],
    ],
  },
  {
    title: 'internalTrafficPolicy Local with nobody anywhere: refused',
    service: { spec: { internalTrafficPolicy: 'Local' }, endpoints: [unready('a1')] },
    packets: [['c1', 'clusterIP:80', 'refused']],
  },
  {
    title: 'internalTrafficPolicy Local: the node’s own that ends goes before others’ that are ready',
    service: { spec: { internalTrafficPolicy: 'Local' }, endpoints: [terminating('a1'), 'b1'] },
    packets: [['a2', 'clusterIP:80', 'a1 kept']],
  },
  {
    title: 'a node port on every node, for everybody',
    service: { spec: NODE_PORT, nodePort: 30080, endpoints: ['a1', 'b1'] },
    packets: [
      ['outside', 'n1:30080', 'a1 b1'],
      ['outside', 'n3:30080', 'a1 b1'],
      ['a2', 'n1:30080', 'a1 b1'],
      ['a2', 'n2:30080', 'a1 b1'],
      ['c1', 'n3:30080', 'a1 b1'],
      ['n1', 'n1:30080', 'a1 b1'],
      ['n1', 'n2:30080', 'a1 b1'],
    ],
  },
  {
    title: 'a node port whose endpoint is of the host network',
    service: { spec: NODE_PORT, nodePort: 30080, endpoints: ['host'] },
    packets: [
      ['outside', 'n1:30080', 'host'],
      ['outside', 'n2:30080', 'host'],
      ['b1', 'n2:30080', 'host'],
    ],
  },
  {
    title: 'a Pod reaches itself by its node’s port',
    service: { spec: NODE_PORT, nodePort: 30080, endpoints: ['a1'] },
    packets: [['a1', 'n1:30080', 'a1']],
  },
  {
    title: 'a node port is not the Service’s own port, and the other way round',
    service: { spec: NODE_PORT, nodePort: 30080, endpoints: ['a1'] },
    packets: [
      ['b1', 'clusterIP:30080', 'refused'],
      ['outside', 'n1:80', 'elsewhere'],
    ],
  },
  {
    title:
      'externalTrafficPolicy Local: from outside the node’s own endpoints, under the client’s address; dropped where there is none',
    service: { spec: { ...NODE_PORT, ...LOCAL }, nodePort: 30080, endpoints: ['a1', 'b1'] },
    packets: [
      ['outside', 'n1:30080', 'a1 kept'],
      ['outside', 'n2:30080', 'b1 kept'],
      ['outside', 'n3:30080', 'dropped'],
    ],
  },
  {
    title: 'externalTrafficPolicy Local says nothing about a ClusterIP, nor about a Pod at its own node',
    service: { spec: { ...NODE_PORT, ...LOCAL }, nodePort: 30080, endpoints: ['a1', 'b1'] },
    packets: [
      ['c1', 'clusterIP:80', 'a1 b1 kept'],
      ['c1', 'n3:30080', 'a1 b1'],
      ['n3', 'n3:30080', 'a1 b1'],
    ],
  },
  {
    title: 'externalTrafficPolicy Local with nobody anywhere: refused',
    service: { spec: { ...NODE_PORT, ...LOCAL }, nodePort: 30080, endpoints: [] },
    packets: [['outside', 'n1:30080', 'refused']],
  },
  {
    title: 'externalTrafficPolicy Local: the node’s own that ends still takes connections',
    service: { spec: { ...NODE_PORT, ...LOCAL }, nodePort: 30080, endpoints: [terminating('a1'), 'b1'] },
    packets: [
      ['outside', 'n1:30080', 'a1 kept'],
      ['a2', 'clusterIP:80', 'b1 kept'],
    ],
  },
  {
    title: 'a LoadBalancer’s address, from outside and from inside, without going there',
    service: { spec: BALANCER, balancer: [1], nodePort: 30080, endpoints: ['a1', 'b1'] },
    packets: [
      ['outside', 'balancer1:80', 'a1 b1'],
      ['c1', 'balancer1:80', 'a1 b1'],
      ['n3', 'balancer1:80', 'a1 b1'],
      ['outside', 'n2:30080', 'a1 b1'],
    ],
  },
  {
    title: 'another port of a LoadBalancer’s address: refused',
    service: { spec: BALANCER, balancer: [1], nodePort: 30080, endpoints: ['a1'] },
    packets: [
      ['b1', 'balancer1:81', 'refused'],
      ['outside', 'balancer1:81', 'refused'],
    ],
  },
  {
    title: 'a LoadBalancer with policy Local: from outside as with a node port, from inside every endpoint',
    service: { spec: { ...BALANCER, ...LOCAL }, balancer: [1], nodePort: 30080, endpoints: ['a1', 'b1'] },
    packets: [
      ['outside', 'balancer1:80', 'a1 kept'],
      ['c1', 'balancer1:80', 'a1 b1'],
      ['n2', 'balancer1:80', 'a1 b1'],
    ],
  },
  {
    title: 'a LoadBalancer with policy Local and no endpoint on the node that packets come to',
    service: { spec: { ...BALANCER, ...LOCAL }, balancer: [1], nodePort: 30080, endpoints: ['c1'] },
    packets: [
      ['outside', 'balancer1:80', 'dropped'],
      ['a1', 'balancer1:80', 'c1'],
    ],
  },
  {
    title: 'source ranges that do not have the client: dropped at the LoadBalancer’s address, and only there',
    service: {
      spec: { ...BALANCER, loadBalancerSourceRanges: ['198.18.0.0/15', '2001:db8:ffff::/48'] },
      balancer: [1],
      nodePort: 30080,
      endpoints: ['a1'],
    },
    packets: [
      ['outside', 'balancer1:80', 'dropped'],
      ['b1', 'balancer1:80', 'dropped'],
      ['outside', 'n1:30080', 'a1'],
      ['b1', 'clusterIP:80', 'a1 kept'],
    ],
  },
  {
    title: 'source ranges that have every client, one inside another',
    service: {
      spec: { ...BALANCER, loadBalancerSourceRanges: ['0.0.0.0/0', '198.18.0.0/15', '::/0'] },
      balancer: [1],
      nodePort: 30080,
      endpoints: ['a1'],
    },
    packets: [
      ['outside', 'balancer1:80', 'a1'],
      ['b1', 'balancer1:80', 'a1'],
    ],
  },
  {
    title: 'without node ports a LoadBalancer still has its address',
    service: { spec: { ...BALANCER, allocateLoadBalancerNodePorts: false }, balancer: [1], endpoints: ['a1', 'b1'] },
    packets: [['outside', 'balancer1:80', 'a1 b1']],
  },
  {
    title: 'an external IP that is allowed; its other ports are not ours',
    service: { external: [129], endpoints: ['a1', 'b1'] },
    packets: [
      ['c1', 'external129:80', 'a1 b1'],
      ['outside', 'external129:80', 'a1 b1'],
      ['c1', 'external129:81', 'elsewhere'],
    ],
  },
  {
    title: 'an external IP that is not allowed is not taken (CVE-2020-8554)',
    service: { external: [3], endpoints: ['a1'] },
    packets: [['c1', 'external3:80', 'elsewhere']],
  },
  {
    title: 'a balancer’s address of ipMode Proxy is left to the balancer',
    service: { spec: BALANCER, proxy: [2], nodePort: 30080, endpoints: ['a1'] },
    packets: [['c1', 'balancer2:80', 'elsewhere']],
  },
  {
    title: 'hints for zones: clients stay in their zone',
    service: {
      endpoints: [
        { at: 'a1', forZones: ['a'] },
        { at: 'b1', forZones: ['b', 'c'] },
      ],
    },
    packets: [
      ['a2', 'clusterIP:80', 'a1 kept'],
      ['n2', 'clusterIP:80', 'b1'],
      ['c1', 'clusterIP:80', 'b1 kept'],
    ],
  },
  {
    title: 'hints that one ready endpoint lacks, or that leave a zone out, do not bind',
    service: { endpoints: [{ at: 'a1', forZones: ['a'] }, 'b1'] },
    packets: [['a2', 'clusterIP:80', 'a1 b1 kept']],
  },
  {
    title: 'hints that name no endpoint for the client’s zone do not bind there',
    service: {
      endpoints: [
        { at: 'a1', forZones: ['a'] },
        { at: 'b1', forZones: ['b'] },
      ],
    },
    packets: [
      ['c1', 'clusterIP:80', 'a1 b1 kept'],
      ['b1', 'clusterIP:80', 'b1'],
    ],
  },
  {
    title: 'hints for nodes go before those for zones',
    service: {
      endpoints: [
        { at: 'a1', forZones: ['a'], forNodes: ['n1'] },
        { at: 'b1', forZones: ['a', 'b', 'c'], forNodes: ['n2'] },
      ],
    },
    packets: [
      ['a2', 'clusterIP:80', 'a1 kept'],
      ['c1', 'clusterIP:80', 'b1 kept'],
    ],
  },
  {
    title: 'session affinity: the same client, the same endpoint',
    service: { spec: { sessionAffinity: 'ClientIP' }, endpoints: ['a1', 'b1', 'c1'] },
    packets: [
      ['a2', 'clusterIP:80', 'a1 b1 c1 kept same'],
      ['n2', 'clusterIP:80', 'a1 b1 c1 same'],
    ],
  },
  {
    title: 'session affinity from outside, under policy Cluster and Local',
    service: {
      spec: { ...NODE_PORT, sessionAffinity: 'ClientIP', ...LOCAL },
      nodePort: 30080,
      endpoints: ['a1', 'a2', 'b1'],
    },
    packets: [
      ['outside', 'n1:30080', 'a1 a2 kept same'],
      ['c1', 'n3:30080', 'a1 a2 b1 same'],
    ],
  },
];
