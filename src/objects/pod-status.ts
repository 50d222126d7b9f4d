/** A Pod's status: phase, addresses, conditions and its containers' states. */
import { CORE } from './meta.js';
import {
  always,
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

const containerState = object(
  {
    waiting: object({ reason: string(), message: string() }, { name: `${CORE}ContainerStateWaiting` }),
    running: object({ startedAt: time() }, { name: `${CORE}ContainerStateRunning` }),
    terminated: object(
      {
        exitCode: always(int32(), 0),
        signal: int32(),
        reason: string(),
        message: string(),
        startedAt: time(),
        finishedAt: time(),
        containerID: string(),
      },
      { name: `${CORE}ContainerStateTerminated` },
    ),
  },
  { name: `${CORE}ContainerState` },
);
export type ContainerState = Infer<typeof containerState>;

export const ContainerStatus = object(
  {
    name: required(string()),
    state: containerState,
    lastState: containerState,
    ready: always(boolean(), false),
    restartCount: always(int32(), 0),
    image: always(string(), ''),
    imageID: always(string(), ''),
    containerID: string(),
    started: boolean(),
    allocatedResources: dict(quantity()),
    resources: any(),
    volumeMounts: listBy('mountPath', any()),
    user: any(),
    stopSignal: string(),
  },
  { name: `${CORE}ContainerStatus` },
);
export type ContainerStatus = Infer<typeof ContainerStatus>;

export const PodCondition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    observedGeneration: int64(),
    lastProbeTime: time(),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${CORE}PodCondition` },
);
export type PodCondition = Infer<typeof PodCondition>;

const containerStatuses = list(ContainerStatus);

export const PodStatus = object(
  {
    phase: oneOf('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
    observedGeneration: int64(),
    conditions: listBy('type', PodCondition),
    message: string(),
    reason: string(),
    nominatedNodeName: string(),
    hostIP: string(),
    hostIPs: list(object({ ip: required(string()) }, { name: `${CORE}HostIP` }), { mergeKey: 'ip' }),
    podIP: string(),
    podIPs: listBy('ip', object({ ip: required(string()) }, { name: `${CORE}PodIP` })),
    startTime: time(),
    initContainerStatuses: containerStatuses,
    containerStatuses,
    ephemeralContainerStatuses: containerStatuses,
    qosClass: oneOf('Guaranteed', 'Burstable', 'BestEffort'),
    resize: string(),
    resourceClaimStatuses: listBy('name', any()),
  },
  { name: `${CORE}PodStatus` },
);
export type PodStatus = Infer<typeof PodStatus>;
