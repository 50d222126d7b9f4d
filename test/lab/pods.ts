/** Pods of a story: made, waited for, and looked at from inside their network namespaces. */

import { applyManifests } from '../../src/client/apply.js';
import { openKernel } from '../../src/host/kernel-port.js';
import { dump } from '../../src/kernel/dump.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';
import type { Pod } from '../../src/objects/kinds.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { eventually, type Lab } from './lab.js';

/** The network namespace of this machine, as a path. */
export const MACHINE = '/proc/self/ns/net';

/** A Pod that does nothing but hold its addresses; `spec` adds to that. Its label `app` is its name. */
export function idlePod(name: string, node: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'idle', image: 'registry.k8s.io/pause:3.10' }],
      ...spec,
    },
  } as KubeObject;
}

/** agnhost's echo server on port 8080, ready once it answers: a Pod without a probe is ready before its process listens. */
export const echo = {
  containers: [
    {
      name: 'echo',
      image: 'agnhost',
      args: ['netexec', '--http-port=8080'],
      readinessProbe: { httpGet: { path: '/hostname', port: 8080 }, periodSeconds: 1 },
    },
  ],
};

/** A dual-stack Service on TCP and UDP port 80, to 8080 of the Pods of that `app`. */
export function serviceOf(app: string): KubeObject {
  const ports = ['TCP', 'UDP'].map(protocol => ({
    name: protocol.toLowerCase(),
    protocol,
    port: 80,
    targetPort: 8080,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: app },
    spec: { selector: { app }, ipFamilyPolicy: 'PreferDualStack', ports },
  } as KubeObject;
}

/** A running Pod with what a story asks about it. */
export interface Place {
  readonly name: string;
  readonly netns: string;
  readonly 4: string;
  readonly 6: string;
  readonly pod: Pod;
}

/** Applies everything and waits until the Pods among it are ready. */
export async function start(lab: Lab, objects: readonly KubeObject[]): Promise<Record<string, Place>> {
  const api = await lab.api();
  await applyManifests(api, objects, () => {});
  const found: Record<string, Place> = {};
  for (const { kind, metadata } of objects) if (kind === 'Pod') found[metadata.name] = await place(lab, metadata.name);
  return found;
}

export async function place(lab: Lab, name: string, namespace = 'default'): Promise<Place> {
  const api = await lab.api();
  const pod = await eventually(`Pod ${name} ready`, async () => {
    const { items } = await api.list(resources.pods, { namespace, fieldSelector: `metadata.name=${name}` });
    return items[0]?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') && items[0];
  });
  const ips = pod.status!.podIPs!.map(({ ip }) => ip!);
  const netns = pod.spec.hostNetwork ? lab.at.netns(pod.spec.nodeName!) : lab.at.podNetns(pod.metadata.uid!);
  return {
    name,
    netns,
    4: ips.find(ip => Ip.of(ip).family === 4) ?? '',
    6: ips.find(ip => Ip.of(ip).family === 6) ?? '',
    pod,
  };
}

/** The kernel's state in a namespace. */
export function kernelOf(netns: string): KernelObject[] {
  const port = openKernel(netns);
  try {
    return [...port.read().values()];
  } finally {
    port.close();
  }
}

/** The same as text, one object per line. */
export function dumpOf(netns: string): string {
  const port = openKernel(netns);
  try {
    return dump(port.read());
  } finally {
    port.close();
  }
}
