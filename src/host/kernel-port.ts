/** The real kernel behind the KernelPort: sends each kind of object to the half that knows it. */

import { key, NET_KINDS, NFT_KINDS } from '../kernel/kinds.js';
import type { NetObject } from '../kernel/net-objects.js';
import type { NftObject } from '../kernel/nft-objects.js';
import type { KernelFailure, KernelObject, KernelPort, KernelState, Operation } from '../kernel/port.js';
import { type HeldNamespace, holdNamespace } from './namespace.js';
import { NetKernel, type NetOperation } from './net-kernel.js';
import { NETLINK_NETFILTER, NETLINK_ROUTE, NetlinkSocket } from './netlink-socket.js';
import type { NftOperation } from './nft/batch.js';
import { NftKernel } from './nft-kernel.js';

/**
 * The kernel of the namespace at that path (as `ip netns` has them), or of the one that the calling thread is in; both
 * stay the same when path or thread change. Throws SystemError (EPERM without CAP_NET_ADMIN) and Node's errors about the path.
 */
export function openKernel(netnsPath?: string): KernelPort {
  return new Kernel(holdNamespace(netnsPath));
}

class Kernel implements KernelPort {
  readonly #route: NetlinkSocket;
  readonly #net: NetKernel;
  #netfilter: NetlinkSocket | undefined;
  #nft: NftKernel | undefined;

  constructor(readonly namespace: HeldNamespace) {
    this.#route = namespace.run(() => new NetlinkSocket(NETLINK_ROUTE));
    this.#net = new NetKernel(this.#route, namespace.run);
  }

  read(kinds?: readonly KernelObject['kind'][]): KernelState {
    const wanted = kinds && new Set<string>(kinds);
    const net = (wanted ? NET_KINDS.filter(kind => wanted.has(kind)) : NET_KINDS) as readonly NetObject['kind'][];
    const nft =
      !wanted || kinds.some(kind => NFT_KINDS.has(kind)) ? this.#nftables().read() : new Map<string, NftObject>();
    const state: Map<string, KernelObject> = nft;
    if (wanted) for (const [name, object] of nft) if (!wanted.has(object.kind)) state.delete(name);
    if (net.length) for (const object of this.#net.read(new Set(net))) state.set(key(object), object);
    return state;
  }

  apply(operations: readonly Operation[]): readonly KernelFailure[] {
    const first = operations.findIndex(isNft);
    if (first < 0) return this.#net.apply(operations as readonly NetOperation[]);
    const net = (part: readonly Operation[]) =>
      this.#net.apply(part.filter(operation => !isNft(operation)) as NetOperation[]);
    return [
      ...net(operations.slice(0, first)),
      ...this.#nftables().apply(operations.filter(isNft)),
      ...net(operations.slice(first)),
    ];
  }

  foreignChanges(): number {
    return this.#nftables().foreignChanges();
  }

  close(): void {
    this.#route.close();
    this.#netfilter?.close();
    this.namespace.close();
  }

  /** On first use: most Pods' namespaces have no tables. */
  #nftables(): NftKernel {
    this.#netfilter ??= this.namespace.run(() => new NetlinkSocket(NETLINK_NETFILTER));
    return (this.#nft ??= new NftKernel(this.#netfilter));
  }
}

function isNft(operation: Operation): operation is NftOperation {
  return NFT_KINDS.has(operation.object.kind);
}
