/** What ADD answers, in the shape of each version of the specification. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import type { AddRequest } from './protocol.js';

/** What was made for a container: a link with one end on the node and one in the container. */
export interface Attached {
  readonly host: { readonly name: string; readonly mac: Mac };
  /** Of the interface that was asked for. */
  readonly mac: Mac;
  /** Bytes. */
  readonly mtu: number;
  readonly addresses: readonly { readonly address: Cidr; readonly gateway?: Ip }[];
  readonly routes: readonly { readonly destination: Cidr; readonly gateway?: Ip }[];
}

/** The JSON value of a successful ADD. */
export function addResult(request: AddRequest, attached: Attached): object {
  const { version, ref, netns, dns } = request;
  // Interfaces carry their MTU since 1.1.0; addresses said their family until 0.4.0.
  const mtu = version === '1.1.0' ? { mtu: attached.mtu } : {};
  const family = (ip: Ip) => (version.startsWith('0.') ? { version: String(ip.family) } : {});
  const text = (key: string, value?: Ip) => (value ? { [key]: String(value) } : {});
  return {
    cniVersion: version,
    interfaces: [
      { name: attached.host.name, mac: attached.host.mac, ...mtu },
      { name: ref.ifname, mac: attached.mac, ...mtu, sandbox: netns },
    ],
    ips: attached.addresses.map(({ address, gateway }) => ({
      ...family(address.ip),
      interface: 1,
      address: String(address),
      ...text('gateway', gateway),
    })),
    routes: attached.routes.map(({ destination, gateway }) => ({ dst: String(destination), ...text('gw', gateway) })),
    dns,
  };
}
