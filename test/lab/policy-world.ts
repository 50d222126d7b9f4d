/** The cluster of the policy suite made real: the planned machine's namespaces, a server in every place, and policies that come and go. */

import { openKernel } from '../../src/host/kernel-port.js';
import { readMachine } from '../../src/host/machine.js';
import { createNamespace, removeNamespace } from '../../src/host/namespace.js';
import { diff } from '../../src/kernel/diff.js';
import { format, NFT_KINDS, stateOf } from '../../src/kernel/kinds.js';
import type { KernelObject, KernelPort, KernelState } from '../../src/kernel/port.js';
import type { Cluster } from '../../src/model/cluster.js';
import type { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Machine } from '../../src/trace/trace.js';
import { planned, netnsOf as plannedNetnsOf } from '../suites/policy/planned.js';
import { ipOf, OUTSIDE, PLACES } from '../suites/policy/world.js';
import { eventually } from './lab.js';
import { askTcp, askUdp, type Stop, serve } from './talk.js';

/** Milliseconds after which what is silent was dropped. */
const SILENCE = 400;
const PORTS = [80, 81];

/** Who is on the fabric. */
const UNDERLAY = ['n1', 'n2', 'n3', OUTSIDE];

let worlds = 0;

export class PolicyWorld {
  readonly #prefix = `/run/netns/pwt-policy-${process.pid}-${++worlds}`;
  readonly #kernels = new Map<string, KernelPort>();
  readonly #stops: Stop[];
  /** What is there for as long as the world is: Services, for instance. */
  constructor(private readonly lasting: readonly KubeObject[] = []) {
    const { machine } = this.#planned([]);
    for (const path of machine.keys()) {
      createNamespace(path);
      this.#kernels.set(path, openKernel(path));
    }
    // Wires first, as each end may be made with the other.
    for (const only of [isLink, () => true])
      for (const [path, wanted] of inOrder(machine)) bring(this.#kernels.get(path)!, wanted, only);
    for (const [path, kernel] of this.#kernels) if (/-n\d$/.test(path)) bring(kernel, stateOf(NO_LIMIT), () => true);
    this.#stops = PLACES.flatMap(place => PORTS.map(port => serve(this.netns(place), place.replace('/', '-'), port)));
  }

  /** The fabric's links take IPv6 only once nobody else was heard to have their addresses. */
  async ready(): Promise<this> {
    for (const from of UNDERLAY)
      for (const to of UNDERLAY)
        await eventually(`${from} reaches ${to}`, () => this.passes(from, ipOf(to, 6), 'TCP', PORTS[0]!));
    return this;
  }

  netns(place: string): string {
    return this.#relocated(plannedNetnsOf(place));
  }

  /** From now on there are these policies and no others. */
  apply(policies: readonly KubeObject[]): { readonly cluster: Cluster; readonly planned: Machine } {
    const { cluster, machine } = this.#planned(policies);
    for (const [path, wanted] of machine)
      if (/-n\d$/.test(path)) bring(this.#kernels.get(path)!, wanted, ({ kind }) => NFT_KINDS.has(kind));
    return { cluster, planned: machine };
  }

  /** What all kernels have. */
  read(): Machine {
    return readMachine([...this.#kernels.keys()]);
  }

  /** Whether somebody answers. */
  async passes(from: string, to: Ip, protocol: 'TCP' | 'UDP', port: number): Promise<boolean> {
    const netns = this.netns(from);
    const answer =
      protocol === 'TCP'
        ? await askTcp(netns, `${to}`, port, SILENCE)
        : await askUdp(netns, `${to}`, port, undefined, SILENCE);
    return answer !== 'silence';
  }

  close(): void {
    for (const stop of this.#stops ?? []) stop();
    for (const [path, kernel] of this.#kernels) {
      kernel.close();
      removeNamespace(path);
    }
  }

  #planned(policies: readonly KubeObject[]) {
    const { cluster, machine } = planned([...this.lasting, ...policies]);
    const relocated = new Map([...machine].map(([path, state]) => [this.#relocated(path), this.#moved(state)]));
    return { cluster, machine: relocated };
  }

  #relocated(path: string): string {
    return this.#prefix + path.replaceAll('/', '-');
  }

  #moved(state: KernelState): KernelState {
    return stateOf(
      [...state.values()].map((object): KernelObject => {
        if (object.kind !== 'link' || object.type !== 'veth' || object.peer?.netns === undefined) return object;
        return { ...object, peer: { ...object.peer, netns: this.#relocated(object.peer.netns) } };
      }),
    );
  }
}

const isLink = ({ kind }: KernelObject) => kind === 'link';

/** Linux sends few ICMP errors per second to one destination. */
const NO_LIMIT: KernelObject[] = ['net/ipv4/icmp_ratelimit', 'net/ipv6/icmp/ratelimit'].map(name => ({
  kind: 'sysctl',
  name,
  value: '0',
}));

/** The fabric and the nodes, then Pods, whose links their nodes make. */
function inOrder(machine: Machine): [string, KernelState][] {
  return [...machine].sort(([a], [b]) => Number(/-[xyz]-[abc]$/.test(a)) - Number(/-[xyz]-[abc]$/.test(b)));
}

function bring(kernel: KernelPort, wanted: KernelState, only: (object: KernelObject) => boolean): void {
  const operations = diff(wanted, kernel.read(), { remove: false }).filter(({ object }) => only(object));
  const stale = diff(wanted, kernel.read()).filter(
    ({ verb, object }) => verb === 'delete' && NFT_KINDS.has(object.kind) && only(object),
  );
  const failures = kernel.apply([...operations, ...stale]);
  if (failures.length)
    throw new Error(failures.map(({ operation, errno }) => `${errno}: ${format(operation.object)}`).join('\n'));
}
