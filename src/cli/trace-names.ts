/** What the words of `podwire trace` mean in a lab: who sends from which namespace, and to which address and port. Opens nothing. */

import { addresses, type LabConfig } from '../lab/config.js';
import type { Places } from '../lab/places.js';
import type { Cluster, PodEntry, ServiceEntry } from '../model/cluster.js';
import type { Protocol } from '../net/flow.js';
import { type Family, Ip } from '../net/ip.js';
import { PodwireError } from '../report/errors.js';

export interface Sender {
  /** `Pod default/web`, `Node n1`, `the Internet`. */
  readonly label: string;
  readonly netns: string;
  /** Where names without a namespace are looked for. */
  readonly namespace: string;
}

export interface Receiver {
  readonly label: string;
  readonly ip: Ip;
  /** 1..65535. */
  readonly port: number;
  readonly service?: ServiceEntry;
}

export interface Names {
  readonly cluster: Cluster;
  readonly config: LabConfig;
  readonly at: Places;
}

/** `pod`, `namespace/pod`, `node/n1`, `internet`. Throws PW-L809. */
export function senderOf(text: string, names: Names): Sender {
  const { cluster, at } = names;
  if (text === 'internet') return { label: 'the Internet', netns: at.netns('internet'), namespace: 'default' };
  const node = /^node\/(.+)$/.exec(text)?.[1];
  if (node !== undefined) {
    if (!cluster.nodes.has(node)) throw new PodwireError('PW-L809', { where: text });
    return { label: `Node ${node}`, netns: at.netns(node), namespace: 'default' };
  }
  const pod = podOf(text, 'default', cluster);
  if (!pod) throw new PodwireError('PW-L809', { where: text });
  const netns = pod.hostNetwork ? at.netns(pod.nodeName ?? '') : at.podNetns(pod.uid);
  return { label: `Pod ${pod.key}`, netns, namespace: pod.namespace };
}

/**
 * An address or a name with its port: `10.96.0.1:443`, `[fd00::1]:80`, `svc/shop/web:80`, `web:http`, `shop/web:80` (a Service, else a Pod),
 * `node/n1:30080`, `internet:80`. Throws PW-L809 and PW-U904.
 */
export function receiverOf(
  text: string,
  { namespace }: Pick<Sender, 'namespace'>,
  family: Family,
  protocol: Protocol,
  names: Names,
): Receiver {
  const { cluster, config } = names;
  const [, host = text, port = ''] = /^(.*?)(?::([a-z0-9-]+))?$/i.exec(bare(text)) ?? [];
  const ip = Ip.parse(host);
  if (ip) return { label: labelOf(ip, cluster) ?? `${ip}`, ip, port: numberOf(port, text) };
  const own = (ips: readonly Ip[], label: string): Ip => {
    const found = ips.find(ip => ip.family === family);
    if (!found) throw new PodwireError('PW-U904', { what: text, problem: `${label} has no IPv${family} address` });
    return found;
  };
  if (host === 'internet')
    return {
      label: 'the Internet',
      ip: own(addresses(config).internetServer, 'the Internet'),
      port: numberOf(port || '80', text),
    };
  const node = cluster.nodes.get(/^node\/(.+)$/.exec(host)?.[1] ?? '');
  if (node)
    return { label: `Node ${node.name}`, ip: own(node.addresses, `Node ${node.name}`), port: numberOf(port, text) };
  const service = serviceOf(host, namespace, cluster);
  if (service) {
    const label = `Service ${service.key}`;
    const ports = service.ports.filter(one => one.protocol === protocol);
    const wanted =
      port === '' && ports.length === 1
        ? ports[0]
        : ports.find(one => port !== '' && (one.name === port || `${one.port}` === port));
    const number = wanted?.port ?? (/^\d+$/.test(port) ? Number(port) : undefined);
    if (number === undefined) {
      const known = ports.map(({ name, port }) => (name ? `${port} (${name})` : `${port}`)).join(', ');
      throw new PodwireError('PW-U904', {
        what: text,
        problem: `name one of its ${protocol} ports: ${known || 'it has none'}`,
      });
    }
    if (service.clusterIPs.length === 0)
      throw new PodwireError('PW-U904', { what: text, problem: `${label} has no ClusterIP; name one of its Pods` });
    return { label: `${label}:${number}`, ip: own(service.clusterIPs, label), port: number, service };
  }
  const pod = podOf(host, namespace, cluster);
  if (!pod) throw new PodwireError('PW-L809', { where: host });
  return { label: `Pod ${pod.key}`, ip: own(pod.ips, `Pod ${pod.key}`), port: numberOf(port, text) };
}

/** Whose address that is. */
export function labelOf(ip: Ip, cluster: Cluster): string | undefined {
  const pod = cluster.podsByIp.get(`${ip}`);
  if (pod) return `Pod ${pod.key}`;
  const service = cluster.serviceByClusterIP(`${ip}`);
  if (service) return `Service ${service.key}`;
  const node = [...cluster.nodes.values()].find(({ addresses }) => addresses.some(own => own.equals(ip)));
  return node && `Node ${node.name}`;
}

/** `[fd00::1]:80` as the pattern takes it. */
function bare(text: string): string {
  const [, ip, port] = /^\[([^\]]+)\](:\d+)?$/.exec(text) ?? [];
  if (ip !== undefined) return `${ip}${port ?? ''}`;
  return text;
}

function numberOf(port: string, what: string): number {
  const number = Number(port);
  if (/^\d+$/.test(port) && number > 0 && number < 65_536) return number;
  throw new PodwireError('PW-U904', { what, problem: 'it needs a port, as in web:80' });
}

function podOf(text: string, namespace: string, { pods }: Cluster): PodEntry | undefined {
  return pods.get(text.includes('/') ? text : `${namespace}/${text}`);
}

function serviceOf(text: string, namespace: string, { services }: Cluster): ServiceEntry | undefined {
  const name = text.replace(/^svc\//, '');
  return services.get(name.includes('/') ? name : `${namespace}/${name}`);
}
