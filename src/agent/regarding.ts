/** What Events of an agent are about, as kubectl finds them again. */

import type { Regarding } from '../client/events.js';
import type { ServiceEntry } from '../model/cluster.js';
import type { KubeObject } from '../objects/meta.js';

export function regardingService({ namespace, name, object }: ServiceEntry): Regarding {
  return { apiVersion: 'v1', kind: 'Service', namespace, name, uid: object.metadata?.uid };
}

export function regardingConfigMap({ metadata: { namespace, name = '', uid } }: KubeObject): Regarding {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid };
}

/** By the policy's key: `NetworkPolicy namespace/name` or `ClusterNetworkPolicy name`. */
export function regardingPolicy(key: string): Regarding {
  const [kind = '', path = ''] = key.split(' ');
  const [name = '', namespace] = path.split('/').reverse();
  const group = kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'policy.networking.k8s.io/v1alpha2';
  return { apiVersion: group, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** kubectl shows a Node's events by the name in place of the uid, as kubelet writes it. */
export function regardingNode(name: string): Regarding {
  return { apiVersion: 'v1', kind: 'Node', name, uid: name };
}
