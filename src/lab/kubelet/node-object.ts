/** The Node object of a machine's share: addresses, capacity, labels, conditions. Pure. */

import type { Node, NodeCondition } from '../../objects/node.js';
import { time } from './status.js';

export interface NodeDescription {
  readonly name: string;
  /** InternalIPs, the primary one first. */
  readonly addresses: readonly string[];
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly podCIDRs?: readonly string[];
}

/** What the machine has, as `os` and uname tell. */
export interface MachineDescription {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** 'amd64', 'arm64' … */
  readonly arch: string;
  readonly kernel: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
  /** The Kubernetes release that the node says it is, as `v1.32.0`. */
  readonly version: string;
}

/** The most Pods a node takes. */
const PODS = 250;

export function nodeObject(
  node: NodeDescription,
  machine: MachineDescription,
): Pick<Node, 'apiVersion' | 'kind' | 'metadata' | 'spec'> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/arch': machine.arch,
        'kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': machine.arch,
        'beta.kubernetes.io/os': 'linux',
        ...(node.zone && { 'topology.kubernetes.io/zone': node.zone }),
        ...node.labels,
      },
    },
    spec: { ...(node.podCIDRs && node.podCIDRs.length > 0 && { podCIDR: node.podCIDRs[0], podCIDRs: node.podCIDRs }) },
  };
}

export function capacity(machine: MachineDescription): Readonly<Record<string, string>> {
  return {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memory / 1024)}Ki`,
    'ephemeral-storage': '100Gi',
    pods: String(PODS),
  };
}

/** `trouble` is why the network cannot take Pods; empty when it can. */
export function nodeStatus(
  node: NodeDescription,
  machine: MachineDescription,
  trouble: string,
  old: Node['status'],
  now: number,
): NonNullable<Node['status']> {
  const amounts = capacity(machine);
  return {
    capacity: amounts,
    allocatable: amounts,
    addresses: [
      ...node.addresses.map(address => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: node.name },
    ],
    conditions: conditions(trouble, old?.conditions ?? [], now),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernel,
      osImage: machine.osImage,
      containerRuntimeVersion: `podwire://${machine.version.replace(/^v/, '')}`,
      kubeletVersion: machine.version,
      kubeProxyVersion: machine.version,
      operatingSystem: 'linux',
      architecture: machine.arch,
    },
  };
}

function conditions(trouble: string, old: readonly NodeCondition[], now: number): NodeCondition[] {
  const pressure = (type: string, resource: string) => ({
    type,
    status: 'False' as const,
    reason: `KubeletHas${resource}`,
    message: `kubelet has ${resource.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()} available`,
  });
  const ready = trouble
    ? {
        type: 'Ready',
        status: 'False' as const,
        reason: 'KubeletNotReady',
        message: `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${trouble}`,
      }
    : { type: 'Ready', status: 'True' as const, reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  const all = [
    pressure('MemoryPressure', 'SufficientMemory'),
    pressure('DiskPressure', 'NoDiskPressure'),
    pressure('PIDPressure', 'SufficientPID'),
    ready,
  ];
  return all.map(condition => {
    const before = old.find(({ type }) => type === condition.type);
    const lastTransitionTime =
      before?.status === condition.status && before.lastTransitionTime ? before.lastTransitionTime : time(now);
    return { ...condition, lastHeartbeatTime: time(now), lastTransitionTime };
  });
}
