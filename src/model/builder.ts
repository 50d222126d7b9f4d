/** Builds a Cluster from objects in any order, one event at a time. Cannot fail; what is wrong becomes a problem. */

import type { KubeObject } from '../objects/meta.js';
import type { Namespace } from '../objects/namespace.js';
import type { NetworkPolicy } from '../objects/network-policy.js';
import type { Node } from '../objects/node.js';
import type { Pod } from '../objects/pod.js';
import type { Service } from '../objects/service.js';
import { Claims } from './claims.js';
import type { Change, Cluster, ClusterEvent, NamespaceEntry, PodEntry } from './cluster.js';
import { clusterNetworkPolicyEntry } from './cluster-network-policy.js';
import { claimText } from './external.js';
import { networkPolicyEntry } from './network-policy.js';
import { NodeIndex } from './node.js';
import { podEntry } from './pod.js';
import type { PolicyEntry } from './policy.js';
import type { Problem } from './problem.js';
import type { Ranges } from './ranges.js';
import { stringMap, text } from './read.js';
import { ServiceIndex } from './service-index.js';

/** Its `cluster` always shows the state after the last event; that state depends on the objects alone, not on their order. */
export class ClusterBuilder {
  readonly #nodes = new NodeIndex();
  readonly #namespaces = new Map<string, NamespaceEntry>();
  readonly #pods = new Map<string, PodEntry>();
  /** An address may be given to a new Pod while its last one still ends: the younger owns it. */
  readonly #podIps = new Claims<PodEntry>((a, b) => b.created - a.created || compare(a.key, b.key));
  readonly #services: ServiceIndex;
  readonly #policies = new Map<string, PolicyEntry>();
  readonly cluster: Cluster;

  constructor(ranges: Ranges) {
    this.#services = new ServiceIndex(ranges);
    this.cluster = {
      nodes: this.#nodes.entries,
      namespaces: this.#namespaces,
      pods: this.#pods,
      podsByIp: this.#podIps.owners,
      services: this.#services.entries,
      policies: this.#policies,
      serviceByClusterIP: ip => this.#services.byClaim(ip),
      serviceByExternal: (ip, protocol, number) => this.#services.byClaim(claimText(ip, protocol, number)),
      problems: () => this.#problems(),
    };
  }

  /** Which entries the event changed. Kinds that the network has no use for change nothing. */
  apply({ type, object }: ClusterEvent): Change {
    const name = text(object, 'metadata', 'name');
    if (name === undefined) return [];
    const namespace = text(object, 'metadata', 'namespace') ?? '';
    const next = type === 'upsert' ? object : undefined;
    switch (object.kind) {
      case 'Node':
        return this.#setNode(name, next as unknown as Node | undefined);
      case 'Namespace':
        return this.#setNamespace(name, next);
      case 'Pod':
        return this.#setPod(namespace, name, next);
      case 'Service':
        return this.#services.setService(namespace, name, next as unknown as Service | undefined).map(service);
      case 'EndpointSlice':
        return this.#services.setSlice(namespace, name, next).map(service);
      case 'NetworkPolicy': {
        const policy = next as unknown as NetworkPolicy | undefined;
        const entry = policy && networkPolicyEntry(namespace, name, policy);
        return this.#setPolicy(`NetworkPolicy ${namespace}/${name}`, entry);
      }
      case 'ClusterNetworkPolicy':
        return this.#setPolicy(`ClusterNetworkPolicy ${name}`, next && clusterNetworkPolicyEntry(name, next));
      default:
        return [];
    }
  }

  #setNode(name: string, object: Node | undefined): Change {
    const nodes = this.#nodes.set(name, object);
    const services = nodes.flatMap(node =>
      this.#services.setNodeAddresses(node, this.#nodes.entries.get(node)?.addresses ?? []),
    );
    return [...nodes.map(key => ({ kind: 'Node', key }) as const), ...services.map(service)];
  }

  #setNamespace(name: string, object: KubeObject | undefined): Change {
    const labels = stringMap(object, 'metadata', 'labels');
    if (object) this.#namespaces.set(name, { name, object: object as unknown as Namespace, labels });
    else if (!this.#namespaces.delete(name)) return [];
    return [{ kind: 'Namespace', key: name }];
  }

  #setPod(namespace: string, name: string, object: KubeObject | undefined): Change {
    const old = this.#pods.get(`${namespace}/${name}`);
    const next = object && podEntry(namespace, name, object as unknown as Pod);
    if (!old && !next) return [];
    const rivals = this.#podIps.replace(old, ownIps(old), next, ownIps(next));
    if (next) this.#pods.set(next.key, next);
    else this.#pods.delete(old!.key);
    return [`${namespace}/${name}`, ...rivals].map(key => ({ kind: 'Pod', key }));
  }

  #setPolicy(key: string, entry: PolicyEntry | undefined): Change {
    if (entry) this.#policies.set(key, entry);
    else if (!this.#policies.delete(key)) return [];
    return [{ kind: 'Policy', key }];
  }

  #problems(): Problem[] {
    const found: Problem[] = [];
    for (const node of this.cluster.nodes.values()) found.push(...node.problems);
    for (const policy of this.#policies.values()) found.push(...policy.problems);
    for (const entry of this.cluster.services.values()) {
      found.push(...entry.problems);
      for (const slice of entry.slices) found.push(...slice.problems);
    }
    return found;
  }
}

/** The cluster of all these objects at once. */
export function buildCluster(objects: Iterable<KubeObject>, ranges: Ranges): Cluster {
  const builder = new ClusterBuilder(ranges);
  for (const object of objects) builder.apply({ type: 'upsert', object });
  return builder.cluster;
}

function ownIps(pod: PodEntry | undefined): readonly string[] {
  return !pod || pod.hostNetwork || pod.finished ? [] : pod.ips.map(String);
}

function service(key: string) {
  return { kind: 'Service', key } as const;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
