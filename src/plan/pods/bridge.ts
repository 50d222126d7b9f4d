/** The bridge of profile `bridge`, with its own guard: a frame may only go to the gateway, where it meets the rules of family inet. */

import { TABLE } from '../../kernel/kind.js';
import type { KernelObject } from '../../kernel/port.js';
import type { Ip } from '../../net/ip.js';
import { BRIDGE, BRIDGE_MAC } from '../names.js';
import { guardObjects } from './guard.js';

/** Wanted by every Pod on it, so there with the first and gone with the last. Its addresses are the Pods' gateways. */
export function bridge(gateways: readonly Ip[]): KernelObject[] {
  return [
    { kind: 'table', family: 'bridge', name: TABLE },
    ...guardObjects('bridge'),
    { kind: 'link', type: 'bridge', name: BRIDGE, up: true, mac: BRIDGE_MAC },
    ...gateways.map(
      ip =>
        ({
          kind: 'address',
          link: BRIDGE,
          ip,
          prefix: ip.bytes.length * 8,
          nodad: true,
          cause: 'profile bridge',
        }) as const,
    ),
  ];
}
