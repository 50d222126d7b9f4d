/** What the handlers read: the smallest view of a cluster that answers questions, and what of a Service makes names. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import type { Ip } from '../net/ip.js';
import type { Name } from '../wire/dns-name.js';
import type { Part } from './zone.js';

/** Seconds that an answer about the cluster may be kept, positive or negative: how stale a client can get. */
export const TTL = 5;

export interface DnsView {
  /** The cluster domain as a key: `cluster.local.`. */
  readonly domain: Name;
  /** Pod and Service ranges: reverse names in them are the cluster's alone and never asked upstream. */
  readonly ranges: readonly Cidr[];
  /** False until every Service was seen once: nothing can be said not to exist before. */
  readonly synced: boolean;
  lookup(name: Name): readonly Part[] | undefined;
}

/** The part of the model's ServiceEntry that names are made of. */
export interface ServiceView {
  readonly object: {
    readonly metadata: { readonly namespace?: string; readonly name?: string };
    readonly spec?: {
      readonly type?: string;
      readonly clusterIP?: string;
      readonly externalName?: string;
      readonly publishNotReadyAddresses?: boolean;
    };
  };
  readonly clusterIPs: readonly Ip[];
  readonly ports: readonly PortView[];
  readonly slices: readonly {
    readonly ports: readonly PortView[];
    readonly endpoints: readonly { readonly ip: Ip; readonly hostname?: string; readonly ready: boolean }[];
  }[];
}

export interface PortView {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly port?: number;
}
