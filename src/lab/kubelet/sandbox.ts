/** A Pod's network namespace: made, given its network by CNI, and taken away. Knows no container. */

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { raiseLoopback } from '../../host/ioctl.js';
import { createNamespace, removeNamespace, withNamespace } from '../../host/namespace.js';
import type { Pod } from '../../objects/pod.js';
import type { Attachment } from '../runtime/cni.js';
import type { NodeContext } from './node-context.js';
import type { Sandbox } from './state.js';

/** Not yet made: to be recorded before it is, so that whoever comes after us can remove it. */
export function newSandbox(pod: Pod, context: NodeContext): Sandbox {
  const netns = pod.spec.hostNetwork ? context.netns : context.podNetns(pod.metadata.uid ?? '');
  return { id: randomBytes(32).toString('hex'), netns };
}

/** Rejects with CniError or a system error; `removeSandbox` then cleans up. */
export async function makeSandbox(sandbox: Sandbox, pod: Pod, context: NodeContext): Promise<Sandbox> {
  if (pod.spec.hostNetwork) return sandbox;
  removeNamespace(sandbox.netns);
  createNamespace(sandbox.netns);
  withNamespace(sandbox.netns, () => {
    raiseLoopback();
    for (const { name, value } of pod.spec.securityContext?.sysctls ?? []) setSysctl(name, value);
  });
  return { ...sandbox, result: await context.cni.add(attachment(sandbox, pod)) };
}

/** Also of what was begun and never finished. Rejects with CniError; to be repeated then. */
export async function removeSandbox(sandbox: Sandbox, pod: Pod, context: NodeContext): Promise<void> {
  if (pod.spec.hostNetwork) return;
  await context.cni.delete(attachment(sandbox, pod), sandbox.result);
  removeNamespace(sandbox.netns);
}

/** Without their prefix lengths, in the order of the result. */
export function addressesOf(sandbox: Sandbox, pod: Pod, context: NodeContext): readonly string[] {
  if (pod.spec.hostNetwork) return context.hostIPs;
  return (sandbox.result?.ips ?? []).map(({ address }) => address.split('/')[0]!);
}

function attachment({ id, netns }: Sandbox, pod: Pod): Attachment {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: name,
    K8S_POD_INFRA_CONTAINER_ID: id,
    K8S_POD_UID: uid,
  };
  const ports = pod.spec.containers.flatMap(({ ports = [] }) => ports).filter(({ hostPort }) => hostPort);
  const portMappings = ports.map(({ hostPort, containerPort, protocol = 'TCP', hostIP = '' }) => {
    return { hostPort, containerPort, protocol: protocol.toLowerCase(), hostIP };
  });
  return { containerId: id, netns, args, ...(portMappings.length > 0 && { capabilities: { portMappings } }) };
}

/** `net.ipv4.ping_group_range`: only those of the network can differ from Pod to Pod here. */
function setSysctl(name: string, value: string): void {
  if (!/^net\.[\w.-]+$/.test(name)) throw new Error(`sysctl ${JSON.stringify(name)} is not of the Pod's network`);
  writeFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, value);
}
