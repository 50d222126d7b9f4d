/** What an agent must be told about its node and cluster, as it stands in its JSON file. Knows the fields, not their use. */

import { readFileSync } from 'node:fs';
import { parseUpstream, type Upstream } from '../dns/upstream.js';
import { Cidr } from '../net/cidr.js';
import { type Family, Ip } from '../net/ip.js';
import { PodwireError } from '../report/errors.js';

/** The file's content; addresses and prefixes are text in it. Paths are absolute. */
export interface AgentConfigFile {
  /** Name of this node's Node object. */
  readonly node: string;
  /** A kubeconfig with a client certificate; JSON loads faster than YAML. */
  readonly kubeconfig: string;
  /** Survives a restart of the machine: the attachments journal and the lock. */
  readonly stateDir: string;
  /** The unix socket for the plugin, in a directory of its own (made with mode 0700). */
  readonly cniSocket: string;
  /** Directory into which the plugin binary `podwire` is written; left out: not written. */
  readonly cniBinDir?: string;
  /** Directory into which `10-podwire.conflist` is written once the agent is ready; left out: not written. */
  readonly cniConfDir?: string;
  /** A unix socket's path for /livez, /readyz and /metrics; left out: beside the CNI socket, as `health.sock`. */
  readonly healthSocket?: string;
  /** `address:port` of /healthz and /livez with kube-proxy's words, which has them on 0.0.0.0:10256; left out: nowhere. */
  readonly healthz?: string;
  /** `address:port` of /metrics, which kube-proxy has on 127.0.0.1:10249; left out: on the health socket alone. */
  readonly metrics?: string;
  readonly profile: 'routed' | 'bridge';
  readonly overlay: 'none' | 'vxlan';
  /** The cluster's ranges; their families are the Pods' families. */
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Where a Service's spec.externalIPs may lie; left out: nowhere (CVE-2020-8554). */
  readonly externalIPs?: readonly string[];
  readonly dns: {
    /** Service addresses that DNS answers on; empty: no DNS on this node. */
    readonly addresses: readonly string[];
    readonly clusterDomain: string;
    /** Resolvers for all other names, `address` or `address#port`. */
    readonly upstreams: readonly string[];
  };
}

export interface AgentConfig
  extends Omit<
    AgentConfigFile,
    'podCidrs' | 'serviceCidrs' | 'externalIPs' | 'dns' | 'healthSocket' | 'healthz' | 'metrics'
  > {
  readonly healthSocket: string;
  readonly healthz?: AddressAndPort;
  readonly metrics?: AddressAndPort;
  readonly podCidrs: readonly Cidr[];
  readonly serviceCidrs: readonly Cidr[];
  readonly externalIPs: readonly Cidr[];
  readonly families: readonly Family[];
  readonly dns: {
    readonly addresses: readonly Ip[];
    readonly clusterDomain: string;
    readonly upstreams: readonly Upstream[];
  };
}

interface AddressAndPort {
  readonly ip: Ip;
  readonly port: number;
}

/** Throws PW-A202, which names the first wrong field. */
export function readAgentConfig(path: string): AgentConfig {
  try {
    return agentConfig(JSON.parse(readFileSync(path, 'utf8')) as AgentConfigFile, path);
  } catch (error) {
    throw error instanceof PodwireError
      ? error
      : new PodwireError('PW-A202', { path, problem: (error as Error).message });
  }
}

/** The checked and parsed form; `path` only for the error's text. */
export function agentConfig(file: AgentConfigFile, path = 'agent config'): AgentConfig {
  const wrong = (problem: string) => new PodwireError('PW-A202', { path, problem });
  const many = <T>(field: string, given: unknown, parse: (text: string) => T | undefined): T[] => {
    if (!Array.isArray(given)) throw wrong(`${field} is no list`);
    return given.map(text => parse(String(text)) ?? fail(wrong(`${field}: '${text}'`)));
  };
  for (const field of ['node', 'kubeconfig', 'stateDir', 'cniSocket'] as const) {
    if (typeof file[field] !== 'string' || file[field] === '') throw wrong(`${field} is missing`);
  }
  if (!['routed', 'bridge'].includes(file.profile))
    throw wrong(`profile '${file.profile}' is neither routed nor bridge`);
  if (!['none', 'vxlan'].includes(file.overlay)) throw wrong(`overlay '${file.overlay}' is neither none nor vxlan`);
  const listen = (field: 'healthz' | 'metrics') =>
    file[field] === undefined ? undefined : (addressAndPort(file[field]) ?? fail(wrong(`${field}: '${file[field]}'`)));
  const podCidrs = many('podCidrs', file.podCidrs, Cidr.parse);
  if (podCidrs.length === 0) throw wrong('podCidrs is empty');
  return {
    ...file,
    healthSocket: file.healthSocket ?? file.cniSocket.replace(/[^/]*$/, 'health.sock'),
    healthz: listen('healthz'),
    metrics: listen('metrics'),
    podCidrs,
    serviceCidrs: many('serviceCidrs', file.serviceCidrs, Cidr.parse),
    externalIPs: many('externalIPs', file.externalIPs ?? [], Cidr.parse),
    families: [...new Set(podCidrs.map(cidr => cidr.family))],
    dns: {
      clusterDomain: file.dns?.clusterDomain ?? 'cluster.local',
      addresses: many('dns.addresses', file.dns?.addresses, Ip.parse),
      upstreams: many('dns.upstreams', file.dns?.upstreams, parseUpstream),
    },
  };
}

/** `0.0.0.0:10256`, `[::]:10256`. */
function addressAndPort(text: string): AddressAndPort | undefined {
  const [, v6, v4 = v6 ?? '', port = ''] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(String(text)) ?? [];
  const ip = Ip.parse(v4);
  return ip && /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65536
    ? { ip, port: Number(port) }
    : undefined;
}

function fail(error: Error): never {
  throw error;
}
