/** Where each field of nft's language lies in a packet or its metadata, and which other match makes that true. */

import type { Field, TableFamily } from '../../kernel/nft-objects.js';
import { LITTLE_ENDIAN } from '../../wire/netlink-attributes.js';
import {
  NFT_CT,
  NFT_FIB_RESULT_ADDRTYPE,
  NFT_FIB_RESULT_OIF,
  NFT_META,
  NFT_PAYLOAD_LL_HEADER,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_PAYLOAD_TRANSPORT_HEADER,
  NFTA_FIB_F_DADDR,
  NFTA_FIB_F_IIF,
  NFTA_FIB_F_PRESENT,
  NFTA_FIB_F_SADDR,
  type NftExpression,
} from '../../wire/nftables-expression.js';

/** Loads a field into a register, once `dreg` is known. */
export type Load = Extract<NftExpression, { name: 'payload' | 'meta' | 'ct' | 'fib' }>;

/** A match that nft writes by itself in front of a field, and leaves out when it prints: `meta key == data`. */
export interface Dependency {
  readonly meta: number;
  readonly data: Uint8Array;
}

interface Layout {
  readonly load: Load;
  readonly needs: readonly Need[];
}

type Need = 'ip' | 'ip6' | 'arp' | 'ether' | 'tcp' | 'udp' | 'icmp' | 'icmpv6';

const network = (offset: number, len: number, ...needs: readonly Need[]) =>
  payload(NFT_PAYLOAD_NETWORK_HEADER, offset, len, needs);
const transport = (offset: number, len: number, ...needs: readonly Need[]) =>
  payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset, len, needs);
const link = (offset: number, len: number) => payload(NFT_PAYLOAD_LL_HEADER, offset, len, ['ether']);
const meta = (key: keyof typeof NFT_META): Layout => ({ load: { name: 'meta', key: NFT_META[key] }, needs: [] });
const ct = (key: keyof typeof NFT_CT): Layout => ({ load: { name: 'ct', key: NFT_CT[key] }, needs: [] });
/** IP_CT_DIR_*: the tuple of the connection's first packet, and that of its answer. */
const original = (key: keyof typeof NFT_CT) => tuple(key, 0);
const answer = (key: keyof typeof NFT_CT) => tuple(key, 1);
const tuple = (key: keyof typeof NFT_CT, direction: 0 | 1): Layout => ({
  load: { name: 'ct', key: NFT_CT[key], direction },
  needs: [],
});

function payload(base: number, offset: number, len: number, needs: readonly Need[]): Layout {
  return { load: { name: 'payload', base, offset, len }, needs };
}

/** RFC 791, RFC 8200, RFC 826, RFC 9293, RFC 768, RFC 792, RFC 4443, IEEE 802.3. */
export const FIELDS: Readonly<Record<Field, Layout>> = {
  'ip saddr': network(12, 4, 'ip'),
  'ip daddr': network(16, 4, 'ip'),
  'ip protocol': network(9, 1, 'ip'),
  'ip6 saddr': network(8, 16, 'ip6'),
  'ip6 daddr': network(24, 16, 'ip6'),
  'ip6 nexthdr': network(6, 1, 'ip6'),
  'ether saddr': link(6, 6),
  'ether daddr': link(0, 6),
  'ether type': link(12, 2),
  'arp operation': network(6, 2, 'arp'),
  'arp saddr ether': network(8, 6, 'arp'),
  'arp saddr ip': network(14, 4, 'arp'),
  'arp daddr ip': network(24, 4, 'arp'),
  'th sport': transport(0, 2),
  'th dport': transport(2, 2),
  'tcp sport': transport(0, 2, 'tcp'),
  'tcp dport': transport(2, 2, 'tcp'),
  'tcp flags': transport(13, 1, 'tcp'),
  'udp sport': transport(0, 2, 'udp'),
  'udp dport': transport(2, 2, 'udp'),
  'icmp type': transport(0, 1, 'ip', 'icmp'),
  'icmpv6 type': transport(0, 1, 'ip6', 'icmpv6'),
  'meta iifname': meta('iifname'),
  'meta oifname': meta('oifname'),
  'meta l4proto': meta('l4proto'),
  'meta nfproto': meta('nfproto'),
  'meta mark': meta('mark'),
  'meta protocol': meta('protocol'),
  'meta pkttype': meta('pkttype'),
  'ct state': ct('state'),
  'ct status': ct('status'),
  'ct mark': ct('mark'),
  'ct direction': ct('direction'),
  'ct original ip saddr': original('src_ip'),
  'ct original ip daddr': original('dst_ip'),
  'ct original ip6 saddr': original('src_ip6'),
  'ct original ip6 daddr': original('dst_ip6'),
  'ct original proto-dst': original('proto_dst'),
  // The same in both directions, so the kernel does not say which.
  'ct original protocol': ct('protocol'),
  'ct reply ip saddr': answer('src_ip'),
  'ct reply ip6 saddr': answer('src_ip6'),
  'ct reply proto-src': answer('proto_src'),
  'fib daddr type': { load: { name: 'fib', result: NFT_FIB_RESULT_ADDRTYPE, flags: NFTA_FIB_F_DADDR }, needs: [] },
  'fib saddr . iif oif': {
    load: { name: 'fib', result: NFT_FIB_RESULT_OIF, flags: NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT },
    needs: [],
  },
};

const ETHERTYPE = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd } as const;
const NFPROTO = { ip: 2, ip6: 10 } as const;
const IPPROTO = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
/** linux/if_arp.h, a 16-bit number of the host. */
const ARPHRD_ETHER = Uint8Array.of(LITTLE_ENDIAN ? 1 : 0, LITTLE_ENDIAN ? 0 : 1);

/** What must be matched before the field in a table of that family, in nft's order. */
export function dependencies(field: Field, family: TableFamily): Dependency[] {
  return FIELDS[field].needs.flatMap(need => dependency(need, family) ?? []);
}

function dependency(need: Need, family: TableFamily): Dependency | undefined {
  switch (need) {
    case 'ether':
      return family === 'bridge' || family === 'arp' ? undefined : { meta: NFT_META.iiftype, data: ARPHRD_ETHER };
    case 'ip':
    case 'ip6':
    case 'arp': {
      if (need === family) return undefined;
      if (family === 'inet' && need !== 'arp') return { meta: NFT_META.nfproto, data: Uint8Array.of(NFPROTO[need]) };
      return { meta: NFT_META.protocol, data: Uint8Array.of(ETHERTYPE[need] >> 8, ETHERTYPE[need] & 0xff) };
    }
    default:
      return { meta: NFT_META.l4proto, data: Uint8Array.of(IPPROTO[need]) };
  }
}

/** Every name of what is loaded, whatever must hold for it: `th dport`, `tcp dport` and `udp dport` are one place. */
export function fieldsOf(load: Load): readonly Field[] {
  return BY_LOAD.get(loadKey(load)) ?? [];
}

/** Tells loads apart by what they read, not by where to. */
function loadKey(load: Load): string {
  switch (load.name) {
    case 'payload':
      return `payload ${load.base} ${load.offset} ${load.len}`;
    case 'meta':
      return `meta ${load.key}`;
    case 'ct':
      return `ct ${load.key} ${load.direction ?? '-'}`;
    case 'fib':
      return `fib ${load.result} ${load.flags}`;
  }
}

const BY_LOAD = new Map<string, Field[]>();
for (const name of Object.keys(FIELDS) as Field[]) {
  const key = loadKey(FIELDS[name].load);
  BY_LOAD.set(key, [...(BY_LOAD.get(key) ?? []), name]);
}
