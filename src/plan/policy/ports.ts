/** A Pod's container ports that have a name. Knows Pods, not who asks for them. */

import type { PodEntry } from '../../model/cluster.js';
import type { Protocol } from '../../net/flow.js';

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  /** 1..65535. */
  readonly port: number;
}

/** Those of its containers, and of init containers that stay (sidecars). */
export function namedPorts({ object: { spec } }: PodEntry): NamedPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
      name ? [{ name, protocol, port: containerPort }] : [],
    ),
  );
}
