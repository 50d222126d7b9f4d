/** What the API server must know of the cluster it serves. Plain values; refuses to know where they were configured. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';

export interface ClusterConfig {
  /** One or two of different families; the first is the family of a Service that asks for none. */
  readonly serviceCidrs: readonly Cidr[];
  /** First and last port of NodePort Services. */
  readonly nodePorts: { readonly first: number; readonly last: number };
  /** Where Pods reach this server: the endpoints of Service default/kubernetes. */
  readonly advertise: { readonly addresses: readonly Ip[]; readonly port: number };
}

export const DEFAULT_CLUSTER: ClusterConfig = {
  serviceCidrs: [Cidr.of('10.96.0.0/16'), Cidr.of('fd00:10:96::/112')],
  nodePorts: { first: 30000, last: 32767 },
  advertise: { addresses: [Ip.of('172.30.0.1'), Ip.of('fd00:172:30::1')], port: 6443 },
};

/** Offsets in each service range that are never given out by chance: Service default/kubernetes and the cluster's DNS. */
export const KUBERNETES_OFFSET = 1;
export const DNS_OFFSET = 10;

export function kubernetesAddresses(config: ClusterConfig): readonly Ip[] {
  return config.serviceCidrs.map(cidr => cidr.at(KUBERNETES_OFFSET));
}
