/** A trace as its reader sees it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ip } from '../../src/net/ip.js';
import { format } from '../../src/trace/format.js';
import { reply, trace } from '../../src/trace/trace.js';
import { service, slice } from '../plan/world.js';
import { world } from './world.js';

const { machine, netns, name } = world({
  pods: { client: ['n1', '10.244.1.5'], web: ['n2', '10.244.2.9'] },
  objects: [service('web', ['10.96.12.7']), slice('web-1', 'web', ['10.244.2.8', '10.244.2.9'])],
});

const asked = { netns: netns('client'), protocol: 'tcp', destination: Ip.of('10.96.12.7') } as const;

describe('a trace as text', () => {
  it('of a Service’s second endpoint, and back', () => {
    const [, second] = trace(machine, { ...asked, destinationPort: 80 });
    assert.equal(
      format(second!, name) + reply(second!).map(one => format(one, name)),
      `10.244.1.5:40000 → 10.96.12.7:80 · delivered to 10.244.2.9:8080 (50 % of such packets)
  1  client  a process sends                                                            10.244.1.5:40000 → 10.96.12.7:80
  2          route default via 169.254.1.1 dev eth0 proto 98                            to 169.254.1.1 on eth0
  3          169.254.1.1 on eth0                                                        02:00:00:00:01:05, by its entry
  4  n1      comes in by pw00000000005                                                  10.244.1.5:40000 → 10.96.12.7:80
  5          chain from-pods                                                            goto pod-guard                      spoof guard
  6          chain services                                                             goto choose4-2                      Service default/web
  7          chain choose4-2                                                            DNAT to 10.244.2.9:8080, 2 of 2     Service default/web
  8          route 10.244.2.0/24 via 172.30.0.12 dev eth0 proto 98                      to 172.30.0.12 on eth0              Node n2
  9          172.30.0.12 on eth0                                                        its Ethernet address, when asked
 10  fabric  br0: from n1                                                               out of port n2
 11  n2      comes in by eth0                                                           10.244.1.5:40000 → 10.244.2.9:8080
 12          route 10.244.2.9/32 dev pw00000000009 proto 98 scope link src 172.30.0.12  to 10.244.2.9 on pw00000000009      Pod default/web
 13          10.244.2.9 on pw00000000009                                                02:00:00:00:02:09, by its entry
 14  web     comes in by eth0                                                           10.244.1.5:40000 → 10.244.2.9:8080
 15          local 10.244.2.9                                                           for this namespace
 16          10.244.2.9:8080                                                            delivered
10.244.2.9:8080 → 10.244.1.5:40000 · delivered to 10.244.1.5:40000
  1  web     a process sends                                                            10.244.2.9:8080 → 10.244.1.5:40000
  2          route default via 169.254.1.1 dev eth0 proto 98                            to 169.254.1.1 on eth0
  3          169.254.1.1 on eth0                                                        02:00:00:00:01:09, by its entry
  4  n2      comes in by pw00000000009                                                  10.244.2.9:8080 → 10.244.1.5:40000
  5          chain from-pods                                                            goto pod-guard                      spoof guard
  6          route 10.244.1.0/24 via 172.30.0.11 dev eth0 proto 98                      to 172.30.0.11 on eth0              Node n1
  7          chain refuse                                                               accept                              answered
  8          172.30.0.11 on eth0                                                        its Ethernet address, when asked
  9  fabric  br0: from n2                                                               out of port n1
 10  n1      comes in by eth0                                                           10.244.2.9:8080 → 10.244.1.5:40000
 11          route 10.244.1.5/32 dev pw00000000005 proto 98 scope link src 172.30.0.11  to 10.244.1.5 on pw00000000005      Pod default/client
 12          chain refuse                                                               accept                              answered
 13          conntrack: the reverse of DNAT of this connection                          10.96.12.7:80 → 10.244.1.5:40000
 14          10.244.1.5 on pw00000000005                                                02:00:00:00:02:05, by its entry
 15  client  comes in by eth0                                                           10.96.12.7:80 → 10.244.1.5:40000
 16          local 10.244.1.5                                                           for this namespace
 17          10.244.1.5:40000                                                           delivered
`,
    );
  });

  it('of a port that no Service has', () => {
    const [one] = trace(machine, { ...asked, destinationPort: 81 });
    assert.equal(
      format(one!, name),
      `10.244.1.5:40000 → 10.96.12.7:81 · refused with tcp-reset by refuse rule 4 (no such Service) → refuse-service rule 1 (refused)
 1  client  a process sends                                                       10.244.1.5:40000 → 10.96.12.7:81
 2          route default via 169.254.1.1 dev eth0 proto 98                       to 169.254.1.1 on eth0
 3          169.254.1.1 on eth0                                                   02:00:00:00:01:05, by its entry
 4  n1      comes in by pw00000000005                                             10.244.1.5:40000 → 10.96.12.7:81
 5          chain from-pods                                                       goto pod-guard                    spoof guard
 6          route default via 172.30.0.254 dev eth0 proto static src 172.30.0.11  to 172.30.0.254 on eth0
 7          chain refuse                                                          goto refuse-service               no such Service
 8          chain refuse-service                                                  reject with tcp-reset             refused
`,
    );
  });
});
