/** A Pod as the network sees it: who it is and which addresses it reports. */

import { Ip } from '../net/ip.js';
import type { Pod } from '../objects/pod.js';
import type { PodEntry } from './cluster.js';
import { created, flag, list, stringMap, text } from './read.js';

export function podEntry(namespace: string, name: string, object: Pod): PodEntry {
  const ips: Ip[] = [];
  const written = list(object, 'status', 'podIPs').map(item => text(item, 'ip'));
  for (const item of written.length ? written : [text(object, 'status', 'podIP')]) {
    const ip = Ip.parse(item ?? '');
    if (ip && !ips.some(other => other.equals(ip))) ips.push(ip);
  }
  const phase = text(object, 'status', 'phase');
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: text(object, 'metadata', 'uid') ?? '',
    object,
    labels: stringMap(object, 'metadata', 'labels'),
    ips,
    nodeName: text(object, 'spec', 'nodeName'),
    created: created(object),
    hostNetwork: flag(object, 'spec', 'hostNetwork') ?? false,
    finished: phase === 'Succeeded' || phase === 'Failed',
  };
}
