/** The lab's state as one plain value: what the API says, and which agents run. Changes nothing. */

import { DNS_CONFIG, readDnsConfigMap } from '../agent/dns-config.js';
import type { Api } from '../client/api.js';
import { buildCluster } from '../model/builder.js';
import type { Problem } from '../model/problem.js';
import { symptom } from '../model/symptoms.js';
import { Cidr } from '../net/cidr.js';
import { isTrue } from '../objects/condition-status.js';
import { type KubeObject, resources } from '../objects/resources.js';
import { CLUSTER_DOMAIN, type LabConfig, ranges } from './config.js';
import { places } from './places.js';
import { readLiving } from './processes.js';
import { savedConfig } from './saved-config.js';

export interface LabStatus {
  readonly lab: string;
  readonly config: LabConfig;
  /** Its URL. */
  readonly apiServer: string;
  readonly nodes: readonly NodeStatus[];
  readonly pods: { readonly ready: number; readonly all: number };
  readonly services: number;
  /** `Service shop/web: PW-S413 …`, what is wrong now; `Pod shop/web-1: Unhealthy: …`, the newest warning of each other object. */
  readonly problems: readonly string[];
  readonly healthy: boolean;
}

export interface NodeStatus {
  readonly name: string;
  readonly ready: boolean;
  /** The agent's process id, when it runs. */
  readonly agent: number | undefined;
  readonly addresses: readonly string[];
  readonly podCidrs: readonly string[];
}

/** Events on what is looked at here anew. */
const KNOWN_BETTER: ReadonlySet<string> = new Set(['ServiceProblem', 'NodeNetworkProblem', 'DnsConfigProblem']);

/** Minutes that a warning counts. */
const RECENT = 10;

export async function labStatus(lab: string, api: Api): Promise<LabStatus> {
  const at = places(lab);
  const config = savedConfig(at.config)!;
  const [nodes, pods, services, slices, dnsConfigs, events] = await Promise.all([
    api.list(resources.nodes),
    api.list(resources.pods),
    api.list(resources.services),
    api.list(resources.endpointslices),
    api.list(resources.configmaps, {
      namespace: DNS_CONFIG.namespace,
      fieldSelector: `metadata.name=${DNS_CONFIG.name}`,
    }),
    api.list(resources.events, { fieldSelector: 'type=Warning' }),
  ]);
  const nodeStates = nodes.items.map(node => ({
    name: node.metadata.name!,
    ready: isTrue(node, 'Ready'),
    agent: readLiving(at.node(node.metadata.name!).agentProcess)?.pid,
    addresses: (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    podCidrs: node.spec?.podCIDRs ?? [],
  }));
  const live = pods.items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  const since = Date.now() - RECENT * 60_000;
  const warnings = new Map(
    events.items
      // Of these it is known better whether they still hold.
      .filter(({ reason }) => !KNOWN_BETTER.has(reason ?? ''))
      .filter(
        event => Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '') > since,
      )
      .map(({ involvedObject: on, reason, message }) => [
        `${on.kind} ${on.namespace ? `${on.namespace}/` : ''}${on.name}`,
        `${reason}: ${message}`,
      ]),
  );
  const dns = await Promise.all(dnsConfigs.items.map(object => readDnsConfigMap(object, `${CLUSTER_DOMAIN}.`)));
  const objects = [...nodes.items, ...services.items, ...slices.items] as unknown as KubeObject[];
  return {
    lab,
    config,
    apiServer: `https://127.0.0.1:${config.apiPort}`,
    nodes: nodeStates,
    pods: { ready: live.filter(pod => isTrue(pod, 'Ready')).length, all: live.length },
    services: services.items.length,
    problems: [
      ...problemsNow(
        config,
        objects,
        dns.filter(found => 'code' in found),
      ),
      ...[...warnings].map(([object, text]) => `${object}: ${text}`),
    ],
    healthy: nodeStates.length === config.nodes && nodeStates.every(node => node.ready && node.agent !== undefined),
  };
}

/** As the agents see it, without their patience. */
function problemsNow(config: LabConfig, objects: readonly KubeObject[], others: readonly Problem[]): string[] {
  const { services, pods } = ranges(config);
  const externalIPs = config.externalIpCidrs.map(Cidr.of);
  const cluster = buildCluster(objects, { serviceCidrs: services, podCidrs: pods, externalIPs });
  const symptoms = [...cluster.services.values()].flatMap(service => symptom(service) ?? []);
  return [...cluster.problems(), ...symptoms, ...others].map(({ object, code, message, advice }) => {
    const rest = message.startsWith(object) ? message.slice(object.length).replace(/^:? /, '') : message;
    return `${object}: ${code} ${rest}; ${advice}`;
  });
}
