/** One packet's way through the namespaces, by one choice wherever chance decides. Knows the order of Linux' stages, not what they do. */

import type { Ip } from '../net/ip.js';
import { CannotTell } from './cannot-tell.js';
import type { Chance } from './chance.js';
import type { Conntrack } from './conntrack.js';
import type { Ending } from './endings.js';
import { type HookName, runBridgeHook, runHook } from './hooks.js';
import { choose, neighboursOf } from './layer2.js';
import type { End, Namespace, Network } from './machine.js';
import { addressText, EPHEMERAL, forget, type Header, type InFlight, made } from './packet.js';
import { type Decision, decide, sourceFor } from './routing.js';
import type { Outcome } from './rules.js';

export interface Step {
  readonly text: string;
  /** Who wanted the rule, the element or the route that decided. */
  readonly cause?: string;
}

/** What happened in one namespace, in order. */
export interface Hop {
  readonly netns: string;
  readonly steps: Step[];
}

export interface Walked {
  readonly hops: readonly Hop[];
  readonly ending: Ending;
  /** Where it ended, and as what. */
  readonly netns: string;
  readonly header: Header;
  /** As it was sent. */
  readonly sent: Header;
  readonly conntrack: Conntrack;
}

/** Linux' default time to live is 64; no sound cluster needs so many. */
const MOST_HOPS = 32;
const VXLAN_PORTS = new Set([4789, 8472]);

export class Walk {
  readonly #hops: Hop[] = [];
  #sent: Header | undefined;

  constructor(
    private readonly network: Network,
    private readonly conntrack: Conntrack,
    private readonly chance: Chance,
  ) {}

  /** A process of that namespace sends it; without `source` the kernel chooses one. */
  send(netns: string, wanted: Omit<Header, 'source'> & { readonly source?: Ip }, inner?: InFlight['inner']): Walked {
    const namespace = this.network.namespace(netns);
    const packet = made({ ...wanted, source: wanted.source ?? wanted.destination }, inner);
    if (!namespace) return this.#end('cannot tell', netns, packet, `nothing is known of ${netns}`);
    return this.#guarded(netns, packet, () => {
      const first = decide(namespace, packet, undefined, this.chance);
      const source = wanted.source ?? sourceFor(namespace, first, packet.destination);
      if (first.to === 'nowhere') return this.#nowhere(first, netns, packet);
      if (!source) return this.#end('no source', netns, packet);
      packet.source = source;
      this.#sent ??= headerOf(packet);
      this.#say(netns, addressText(packet));
      const stopped = this.#hook('output', netns, packet, undefined, linkOf(first));
      if (stopped) return stopped;
      // The kernel routes again what a rule gave another destination.
      const decision = decide(namespace, packet, undefined, this.chance);
      return this.#leave(decision, netns, namespace, packet, undefined);
    });
  }

  /** It comes in by that link. */
  receive({ netns, link }: End, packet: InFlight): Walked {
    const namespace = this.network.namespace(netns)!;
    this.#sent ??= headerOf(packet);
    return this.#guarded(netns, packet, () => {
      const stopped = this.#hook('prerouting', netns, packet, link, undefined);
      if (stopped) return stopped;
      const decision = decide(namespace, packet, link, this.chance);
      if (decision.to === 'local') return this.#deliver(netns, namespace, packet, link);
      if (!forwards(namespace, packet)) return this.#end('not forwarded', netns, packet);
      if (--packet.ttl === 0 || this.#hops.length > MOST_HOPS) return this.#end('loop', netns, packet);
      if (decision.to === 'link') {
        const refused = this.#hook('forward', netns, packet, link, decision.link);
        if (refused) return refused;
      }
      return this.#leave(decision, netns, namespace, packet, link);
    });
  }

  #leave(decision: Decision, netns: string, namespace: Namespace, packet: InFlight, iif: string | undefined): Walked {
    if (decision.to === 'nowhere') return this.#nowhere(decision, netns, packet);
    const oif = linkOf(decision);
    const stopped = this.#hook('postrouting', netns, packet, iif, oif);
    if (stopped) return stopped;
    if (decision.to === 'local') return this.receive({ netns, link: 'lo' }, packet);
    const { link, nexthop, route } = decision;
    const via = nexthop.equals(packet.destination) ? '' : ` via ${nexthop}`;
    this.#say(netns, `route ${route.destination}${via} dev ${link}`, route.cause);
    return this.#emit(netns, namespace, packet, link, nexthop);
  }

  #emit(netns: string, namespace: Namespace, packet: InFlight, link: string, nexthop: Ip): Walked {
    const device = namespace.links.get(link);
    if (!device?.up) return this.#end('link down', netns, packet, link);
    const mac = namespace.neighbours.get(`${link} ${nexthop}`)?.mac;
    if (device.type === 'vxlan') {
      const entry = namespace.fdb.find(fdb => fdb.link === link && fdb.mac === mac);
      if (!entry?.destination) return this.#end('neighbour unreachable', netns, packet, `${nexthop} on ${link}`);
      this.#say(netns, `VXLAN ${device.vni} to ${entry.destination}`, entry.cause);
      const outer = {
        protocol: 17,
        destination: entry.destination,
        sourcePort: EPHEMERAL,
        destinationPort: device.port,
        answer: false,
        ...(device.local && { source: device.local }),
      };
      forget(packet);
      return this.send(netns, outer, { packet, vni: device.vni });
    }
    const neighbours = neighboursOf(this.network, { netns, link });
    if (neighbours.length === 0) return this.#end('sent', netns, packet, link);
    const neighbour = choose(this.network, neighbours, nexthop, mac);
    if (!neighbour) return this.#end('neighbour unreachable', netns, packet, `${nexthop} on ${link}`);
    const { end, crossings } = neighbour;
    const target = this.network.namespace(end.netns)!.links.get(end.link)?.mac ?? mac;
    packet.ether = device.mac && target ? { source: device.mac, destination: target } : undefined;
    forget(packet);
    for (const crossing of crossings) {
      const stopped = this.#cross(crossing.netns, packet, crossing.in, crossing.out);
      if (stopped) return stopped;
    }
    return this.receive(end, packet);
  }

  /** Over a bridge: up to its own address, or on by another port. */
  #cross(netns: string, packet: InFlight, iif: string, oif: string | undefined): Walked | undefined {
    const hooks: readonly HookName[] =
      oif === undefined ? ['prerouting', 'input'] : ['prerouting', 'forward', 'postrouting'];
    for (const hook of hooks) {
      const namespace = this.network.namespace(netns)!;
      const place = { netns, namespace, iif, ...(hook !== 'prerouting' && { oif }) };
      const deeds: Step[] = [];
      const outcome = runBridgeHook(hook, place, packet, this.chance, deeds);
      for (const { text, cause } of deeds) this.#say(netns, text, cause);
      if (outcome !== 'accept') return this.#refused(outcome, netns, packet);
    }
    return undefined;
  }

  #deliver(netns: string, namespace: Namespace, packet: InFlight, iif: string): Walked {
    const stopped = this.#hook('input', netns, packet, iif, undefined);
    if (stopped) return stopped;
    const { inner } = packet;
    if (inner && VXLAN_PORTS.has(packet.destinationPort)) {
      const device = [...namespace.links.values()].find(link => link.type === 'vxlan' && link.vni === inner.vni);
      if (!device) return this.#end('neighbour unreachable', netns, packet, `no VXLAN ${inner.vni} here`);
      this.#say(netns, `unpacked from VXLAN ${inner.vni}`);
      return this.receive({ netns, link: device.name }, inner.packet);
    }
    return this.#end('delivered', netns, packet, iif === 'lo' ? undefined : `by ${iif}`);
  }

  #hook(hook: HookName, netns: string, packet: InFlight, iif: string | undefined, oif: string | undefined) {
    const deeds: Step[] = [];
    const namespace = this.network.namespace(netns)!;
    let outcome: Outcome;
    try {
      outcome = runHook(hook, { netns, namespace, iif, oif }, packet, this.conntrack, this.chance, deeds);
    } finally {
      for (const { text, cause } of deeds) this.#say(netns, text, cause);
    }
    return outcome === 'accept' ? undefined : this.#refused(outcome, netns, packet);
  }

  #refused(outcome: Exclude<Outcome, 'accept'>, netns: string, packet: InFlight): Walked {
    return this.#end(outcome === 'reject' ? 'refused' : 'dropped', netns, packet);
  }

  #nowhere({ ending, route }: Extract<Decision, { to: 'nowhere' }>, netns: string, packet: InFlight): Walked {
    if (route) this.#say(netns, `route ${route.destination} ${route.type}`, route.cause);
    return this.#end(ending, netns, packet);
  }

  /** What is not understood ends the walk, and is said. */
  #guarded(netns: string, packet: InFlight, work: () => Walked): Walked {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CannotTell)) throw error;
      return this.#end('cannot tell', netns, packet, error.message);
    }
  }

  #say(netns: string, text: string, cause?: string): void {
    if (this.#hops.at(-1)?.netns !== netns) this.#hops.push({ netns, steps: [] });
    this.#hops.at(-1)!.steps.push(cause === undefined ? { text } : { text, cause });
  }

  #end(ending: Ending, netns: string, packet: InFlight, where?: string): Walked {
    this.#say(netns, where === undefined ? ending : `${ending}: ${where}`);
    const header = headerOf(packet);
    return { hops: this.#hops, ending, netns, header, sent: this.#sent ?? header, conntrack: this.conntrack };
  }
}

function headerOf({ protocol, source, destination, sourcePort, destinationPort, answer }: InFlight): Header {
  return { protocol, source, destination, sourcePort, destinationPort, answer };
}

function linkOf(decision: Decision): string | undefined {
  return decision.to === 'link' ? decision.link : decision.to === 'local' ? 'lo' : undefined;
}

function forwards({ sysctls }: Namespace, { family }: InFlight): boolean {
  return sysctls.get(family === 4 ? 'net/ipv4/ip_forward' : 'net/ipv6/conf/all/forwarding') === '1';
}
