/** Node: a machine of the cluster. */
import { CORE, kind } from './meta.js';
import {
  any,
  boolean,
  dict,
  type Infer,
  int32,
  int64,
  list,
  listBy,
  object,
  oneOf,
  quantity,
  required,
  string,
  time,
} from './schema.js';

export const Taint = object(
  {
    key: required(string()),
    value: string(),
    effect: required(oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')),
    timeAdded: time(),
  },
  { name: `${CORE}Taint` },
);
export type Taint = Infer<typeof Taint>;

export const NodeCondition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    lastHeartbeatTime: time(),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${CORE}NodeCondition` },
);
export type NodeCondition = Infer<typeof NodeCondition>;

const NodeSystemInfo = object(
  {
    machineID: string(),
    systemUUID: string(),
    bootID: string(),
    kernelVersion: string(),
    osImage: string(),
    containerRuntimeVersion: string(),
    kubeletVersion: string(),
    kubeProxyVersion: string(),
    operatingSystem: string(),
    architecture: string(),
    swap: any(),
  },
  { name: `${CORE}NodeSystemInfo` },
);

export const NodeStatus = object(
  {
    capacity: dict(quantity()),
    allocatable: dict(quantity()),
    phase: string(),
    conditions: listBy('type', NodeCondition),
    addresses: listBy(
      'type',
      object({ type: required(string()), address: required(string()) }, { name: `${CORE}NodeAddress` }),
    ),
    daemonEndpoints: object(
      { kubeletEndpoint: object({ Port: required(int32()) }, { name: `${CORE}DaemonEndpoint` }) },
      { name: `${CORE}NodeDaemonEndpoints` },
    ),
    nodeInfo: NodeSystemInfo,
    images: list(object({ names: list(string()), sizeBytes: int64() }, { name: `${CORE}ContainerImage` })),
    volumesInUse: list(string()),
    volumesAttached: list(
      object({ name: required(string()), devicePath: required(string()) }, { name: `${CORE}AttachedVolume` }),
    ),
    config: any(),
    runtimeHandlers: list(any()),
    features: any(),
  },
  { name: `${CORE}NodeStatus` },
);
export type NodeStatus = Infer<typeof NodeStatus>;

export const Node = kind(`${CORE}Node`, {
  spec: object(
    {
      podCIDR: string(),
      podCIDRs: list(string(), { type: 'set', patchMerge: true }),
      providerID: string(),
      unschedulable: boolean(),
      taints: list(Taint),
      configSource: any(),
      externalID: string(),
    },
    { name: `${CORE}NodeSpec` },
  ),
  status: NodeStatus,
});
export type Node = Infer<typeof Node>;
