/** rtnetlink and sysctls in memory: what each change is refused for, and what the kernel does by itself because of it. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { parseMac } from '../net/mac.js';
import { equal, key as keyOf, needs } from './kinds.js';
import { linkKey } from './net-kinds.js';
import type { Address, Fdb, Link, NextHop, Route, Veth } from './net-objects.js';
import type { KernelObject, Operation } from './port.js';

type Errno = string | undefined;

const MAIN = 254;
/** RTPROT_KERNEL: routes that come with an address. */
const KERNEL = 2;

export class FakeNet {
  readonly state = new Map<string, KernelObject>();
  /** The other end of a veth pair, by this end's name. */
  readonly #peers = new Map<string, { readonly net: FakeNet; readonly name: string }>();
  #macs = 0;

  constructor(readonly namespace: (path: string) => FakeNet | undefined) {
    this.#put({ kind: 'link', type: 'other', driver: '', name: 'lo', up: false, mtu: 65536, mac: '00:00:00:00:00:00' });
  }

  apply({ verb, object }: Operation): Errno {
    const present = this.state.get(keyOf(object));
    if (verb === 'delete') return present && this.#delete(present);
    if (present && equal(object, present)) return undefined;
    if (present && verb === 'add' && object.kind !== 'sysctl') return 'EEXIST';
    return this.#refuse(object, present) ?? this.#make(object, present);
  }

  #refuse(object: KernelObject, present: KernelObject | undefined): Errno {
    if (object.kind === 'link') return this.#refuseLink(object, present as Link | undefined);
    if (needs(object).some(key => !this.state.has(key))) return object.kind === 'sysctl' ? 'ENOENT' : 'ENODEV';
    if (object.kind === 'address') return inRange(object.prefix, object.ip) ? undefined : 'EINVAL';
    if (object.kind === 'neighbour' || object.kind === 'fdb') {
      if (!parseMac(object.mac)) return 'EINVAL';
      return object.kind === 'fdb' ? this.#refuseFdb(object) : undefined;
    }
    return object.kind === 'route' ? this.#refuseRoute(object) : undefined;
  }

  #refuseLink(link: Link, present: Link | undefined): Errno {
    if (link.name.length < 1 || link.name.length > 15 || /[/\s]/.test(link.name)) return 'EINVAL';
    if (link.master !== undefined && !this.#link(link.master)) return 'ENODEV';
    if (present) return link.type === 'other' || link.type === present.type ? undefined : 'EEXIST';
    // A link that nobody made cannot be changed.
    if (link.type === 'other') return 'ENODEV';
    if (link.type === 'vxlan' && (link.vni < 0 || link.vni >= 2 ** 24)) return 'ERANGE';
    if (link.type !== 'veth' || !link.peer) return undefined;
    const there = link.peer.netns === undefined ? this : this.namespace(link.peer.netns);
    if (!there) return 'ENOENT';
    return there.#link(link.peer.name) ? 'EEXIST' : undefined;
  }

  #refuseFdb(fdb: Fdb): Errno {
    const link = this.#link(fdb.link)!;
    return link.type === 'vxlan' || link.type === 'bridge' || link.master ? undefined : 'EOPNOTSUPP';
  }

  #refuseRoute(route: Route): Errno {
    if (route.type !== 'unicast' && route.type !== 'local') return undefined;
    if (route.nexthops.length === 0) return 'ENODEV';
    if (route.source && !this.#isLocal(route.source)) return 'EINVAL';
    for (const hop of route.nexthops) {
      const link = hop.link === undefined ? undefined : this.#link(hop.link);
      if (link && !link.up) return 'ENETDOWN';
      if (hop.onlink ? !link : !hop.via && !link) return hop.onlink ? 'EINVAL' : 'ENODEV';
      if (hop.via && !hop.onlink && !this.#onLink(hop)) return hop.via.family === 4 ? 'ENETUNREACH' : 'EHOSTUNREACH';
    }
    return undefined;
  }

  /** The link on which a gateway is a neighbour, because a route without gateway says so. */
  #onLink({ via, link }: NextHop): string | undefined {
    if (via && link && Cidr.of('fe80::/10').contains(via)) return link;
    for (const object of this.state.values()) {
      if (object.kind !== 'route' || object.type !== 'unicast' || !object.destination.contains(via!)) continue;
      if (object.destination.prefix === 0) continue;
      const hop = object.nexthops.find(candidate => !candidate.via && (!link || candidate.link === link));
      if (hop) return hop.link;
    }
    return undefined;
  }

  #make(object: KernelObject, present: KernelObject | undefined): undefined {
    if (object.kind === 'link') this.#makeLink(object, present as Link | undefined);
    else if (object.kind === 'route') {
      this.#put({
        ...object,
        metric: object.metric || (object.destination.family === 6 ? 1024 : 0),
        nexthops: object.nexthops.map(hop => ({ ...hop, link: hop.link ?? this.#onLink(hop)! })),
      });
    } else this.#put(object);
    if (object.kind === 'address') this.#connect(object);
  }

  #makeLink(wanted: Link, present: Link | undefined): void {
    const defaults = { mtu: wanted.type === 'vxlan' ? 1450 : 1500, mac: present ? undefined : this.#mac() };
    const { peer, ...asked } = wanted as Veth;
    const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
    const base: Partial<Link> = { ...defaults, ...present, ...given };
    const kept = wanted.type === 'other' && present ? { ...base, ...kindOfLink(present) } : base;
    // A port without a bridge has no port settings.
    const link = { ...kept, master: wanted.master, hairpin: wanted.master ? (kept.hairpin ?? false) : undefined };
    this.#put(link as Link);
    if (!present && peer) this.#pair(wanted.name, peer);
    if (link.up && !present?.up) this.#up(wanted.name);
    if (!link.up && present?.up) this.#down(wanted.name);
  }

  #pair(name: string, peer: NonNullable<Veth['peer']>): void {
    const there = peer.netns === undefined ? this : this.namespace(peer.netns)!;
    const mac = peer.mac ?? there.#mac();
    there.#put({ kind: 'link', type: 'veth', name: peer.name, up: false, mtu: peer.mtu ?? 1500, mac });
    this.#peers.set(name, { net: there, name: peer.name });
    there.#peers.set(peer.name, { net: this, name });
  }

  #up(name: string): void {
    if (name === 'lo') {
      this.#put({ kind: 'address', link: 'lo', ip: Ip.of('127.0.0.1'), prefix: 8 });
      this.#put({ kind: 'address', link: 'lo', ip: Ip.of('::1'), prefix: 128 });
    }
    for (const object of this.state.values())
      if (object.kind === 'address' && object.link === name) this.#connect(object);
  }

  #down(name: string): void {
    for (const [key, object] of this.state) {
      if ((object.kind === 'route' || object.kind === 'neighbour') && needs(object).includes(linkKey(name)))
        this.state.delete(key);
    }
  }

  /** The route to an address's network; loopback and host prefixes have theirs in the table `local`, which the fake leaves out. */
  #connect(address: Address): void {
    const route = connected(address);
    if (this.#link(address.link)?.up && address.link !== 'lo' && !isHost(address)) this.#put(route);
  }

  #delete(object: KernelObject): Errno {
    if (object.kind === 'sysctl') return undefined;
    if (object.kind === 'link') return this.#deleteLink(object);
    this.state.delete(keyOf(object));
    if (object.kind === 'address') this.#disconnect(object);
    return undefined;
  }

  #deleteLink(link: Link): Errno {
    if (link.name === 'lo') return 'EOPNOTSUPP';
    this.#forget(link);
    const peer = this.#peers.get(link.name);
    this.#peers.delete(link.name);
    if (!peer) return undefined;
    const other = peer.net.#link(peer.name);
    if (!other) return undefined;
    peer.net.#peers.delete(peer.name);
    peer.net.#forget(other);
    return undefined;
  }

  /** With a link goes all that stands on it; a bridge's ports only lose their master. */
  #forget(link: Link): void {
    this.state.delete(keyOf(link));
    for (const [key, object] of this.state) {
      if (object.kind === 'link') {
        if (object.master === link.name) this.#put({ ...object, master: undefined, hairpin: undefined });
      } else if (needs(object).includes(keyOf(link))) this.state.delete(key);
    }
  }

  #disconnect(address: Address): void {
    const key = keyOf(connected(address));
    const again = [...this.state.values()].find(
      object => object.kind === 'address' && object.link === address.link && keyOf(connected(object)) === key,
    );
    const route = this.state.get(key) as Route | undefined;
    if (route?.protocol === KERNEL && route.nexthops[0]?.link === address.link) this.state.delete(key);
    if (again) this.#connect(again as Address);
    for (const [other, object] of this.state) {
      if (object.kind === 'route' && object.source?.equals(address.ip) && !this.#isLocal(address.ip))
        this.state.delete(other);
    }
  }

  #isLocal(ip: Ip): boolean {
    for (const object of this.state.values()) if (object.kind === 'address' && object.ip.equals(ip)) return true;
    return false;
  }

  #link(name: string): Link | undefined {
    return this.state.get(linkKey(name)) as Link | undefined;
  }

  #mac(): string {
    return `02:fa:ce:00:00:${(++this.#macs & 0xff).toString(16).padStart(2, '0')}`;
  }

  #put(object: KernelObject): void {
    this.state.set(keyOf(object), object);
  }
}

function kindOfLink(link: Link): Partial<Link> {
  return link.type === 'other' ? { type: 'other', driver: link.driver } : { type: link.type };
}

function connected({ ip, prefix, link }: Address): Route {
  const base = {
    kind: 'route',
    destination: Cidr.containing(ip, prefix),
    table: MAIN,
    type: 'unicast',
    protocol: KERNEL,
  } as const;
  const nexthops = [{ link }];
  return ip.family === 4 ? { ...base, nexthops, source: ip, scope: 'link' } : { ...base, nexthops, metric: 256 };
}

const isHost = ({ ip, prefix }: Address) => prefix === ip.bytes.length * 8;
const inRange = (prefix: number, ip: Ip) => prefix >= 0 && prefix <= ip.bytes.length * 8;
