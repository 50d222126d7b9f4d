/** A bridge: which port a frame leaves by, and the hooks of family bridge around that. Knows Ethernet addresses, no IP. */

import { CannotTell } from './cannot-tell.js';
import { passBridgeHook } from './hooks.js';
import { type Journey, type Next, over } from './journey.js';
import { type End, linkOf } from './machine.js';
import type { InFlight } from './packet.js';
import { leadsTo, macs } from './segment.js';

export function switchFrame(journey: Journey, bridge: End, port: string | undefined, packet: InFlight): Next {
  const { place, link: name } = bridge;
  if (!linkOf(bridge)?.up) return over('link down', `${name} of ${place.netns}`);
  if (place.kernel.sysctl('net/bridge/bridge-nf-call-iptables') === '1')
    throw new CannotTell(
      `bridge ${name}: bridged packets pass the hooks of IP here (br_netfilter), which is not followed`,
    );
  const mac = packet.ether!.destination;
  const passage = { place, packet, iif: port ?? '', oif: '' };
  if (port !== undefined) {
    const stopped = passBridgeHook(journey, { ...passage, hook: 'prerouting' });
    if (stopped) return stopped;
    if (macs(bridge).includes(mac)) {
      const ended = passBridgeHook(journey, { ...passage, hook: 'input' });
      if (ended) return ended;
      journey.say(place, 'bridge', `${name}: from ${port}`, 'for the bridge itself');
      return { to: 'receive', at: bridge, packet };
    }
  }
  const out = outPort(journey, bridge, port, mac);
  if (out === undefined) {
    const why = `no port of bridge ${name} leads to the frame's Ethernet address`;
    journey.say(place, 'bridge', why, 'unreachable');
    return over('neighbour unreachable', why);
  }
  const leaving = { ...passage, oif: out };
  const stopped =
    passBridgeHook(journey, { ...leaving, hook: port === undefined ? 'output' : 'forward' }) ??
    passBridgeHook(journey, { ...leaving, hook: 'postrouting' });
  if (stopped) return stopped;
  journey.say(place, 'bridge', `${name}: from ${port ?? 'itself'}`, `out of port ${out}`);
  return { to: 'transmit', from: { place, link: out }, packet };
}

/** By its entry; else the frame is flooded, and the port counts behind which somebody takes it. Never back where it came from. */
function outPort({ wiring }: Journey, { place, link }: End, from: string | undefined, mac: string): string | undefined {
  const ports = (place.kernel.ports.get(link) ?? []).filter(port => port.up && (port.name !== from || port.hairpin));
  const entry = ports.find(({ name }) => place.kernel.forwarding(name, mac).length > 0);
  return (entry ?? ports.find(({ name }) => leadsTo(wiring, { place, link: name }, mac)))?.name;
}
