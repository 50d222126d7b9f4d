/** The real kernel behind the FlowPort: conntrack and dynamic maps over one netfilter socket. */

import type { Connection, ConnectionFilter, Counted, FlowPort, Learnt } from '../kernel/flows.js';
import { TABLE } from '../kernel/kind.js';
import type { Value } from '../kernel/nft-objects.js';
import type { Family } from '../net/ip.js';
import { CT_MSG, ctType, decodeConnection, writeConnection, writeDumpRequest } from '../wire/conntrack.js';
import { NFPROTO, writeNfgenmsg } from '../wire/nfnetlink.js';
import { decodeRule, NFT_MSG, nftType, type RuleMessage, writeRule } from '../wire/nftables.js';
import { decodeRuleUserdata } from '../wire/nftables-userdata.js';
import { holdNamespace } from './namespace.js';
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.js';
import { readElements, readShape } from './nft/dump.js';

const FAMILIES: readonly Family[] = [4, 6];

/** Of the namespace at that path, or of the one that the calling thread is in. Throws SystemError and Node's errors about the path. */
export function openFlows(netnsPath?: string): FlowPort {
  const namespace = holdNamespace(netnsPath);
  try {
    return new FlowKernel(namespace.run(() => new NetlinkSocket(NETLINK_NETFILTER)));
  } finally {
    namespace.close();
  }
}

class FlowKernel implements FlowPort {
  constructor(private readonly socket: NetlinkSocket) {}

  connections(filter: ConnectionFilter): readonly Connection[] {
    return FAMILIES.filter(family => !filter.to || filter.to.ip.family === family).flatMap(family =>
      this.socket
        .dump('dump connections', ctType(CT_MSG.GET), w => writeDumpRequest(w, family, filter))
        .flatMap(message => decodeConnection(message) ?? [])
        .filter(({ original }) => !filter.to || original.destination.equals(filter.to.ip)),
    );
  }

  learnt(set: string): readonly Learnt[] {
    const shape = this.#shape(set);
    if (!shape) return [];
    return readElements(this.socket, 'inet', TABLE, set, shape).flatMap(({ key, data }) =>
      Array.isArray(data) ? { set, key, data: data as readonly Value[] } : [],
    );
  }

  forget(connections: readonly Connection[]): void {
    for (const connection of connections)
      this.socket.submit('delete connection', ctType(CT_MSG.DELETE), 0, w => writeConnection(w, connection));
    // Whatever is refused went by itself.
    this.socket.settle();
  }

  counted(): readonly Counted[] {
    const rules = this.socket.dump('dump rules', nftType(NFT_MSG.GETRULE), w => {
      writeNfgenmsg(w, NFPROTO.inet);
      writeRule(w, { table: TABLE });
    });
    return rules.flatMap(message => countOf(decodeRule(message)) ?? []);
  }

  close(): void {
    this.socket.close();
  }

  #shape(set: string) {
    try {
      return readShape(this.socket, 'inet', TABLE, set);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function countOf(rule: RuleMessage | undefined): Counted | undefined {
  const counter = rule?.expressions.find(expression => expression.name === 'counter');
  if (!rule || rule.table !== TABLE || counter?.name !== 'counter' || !counter.packets) return undefined;
  return { chain: rule.chain, cause: decodeRuleUserdata(rule.userdata ?? NONE) ?? '', packets: counter.packets };
}

const NONE = new Uint8Array();
