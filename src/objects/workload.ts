/** Deployment, ReplicaSet, StatefulSet, DaemonSet and ControllerRevision: the kinds of apps/v1. */
import { kind, LabelSelector } from './meta.js';
import { PersistentVolumeClaim } from './persistent-volume-claim.js';
import { PodTemplateSpec } from './pod.js';
import {
  always,
  any,
  boolean,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  listBy,
  object,
  oneOf,
  required,
  type Schema,
  string,
  time,
  withDefault,
} from './schema.js';

const APPS = 'io.k8s.api.apps.v1.';
const count = () => int32({ min: 0 });

const condition = (name: string) =>
  object(
    {
      type: required(string()),
      status: required(oneOf('True', 'False', 'Unknown')),
      lastUpdateTime: time(),
      lastTransitionTime: time(),
      reason: string(),
      message: string(),
    },
    { name: APPS + name },
  );

const selected = { selector: required(LabelSelector), template: required(PodTemplateSpec) } as const;

export const Deployment = kind(`${APPS}Deployment`, {
  spec: required(
    object(
      {
        ...selected,
        replicas: withDefault(count(), 1),
        strategy: object(
          {
            type: oneOf('Recreate', 'RollingUpdate'),
            rollingUpdate: object(
              { maxUnavailable: intOrString(), maxSurge: intOrString() },
              { name: `${APPS}RollingUpdateDeployment` },
            ),
          },
          { name: `${APPS}DeploymentStrategy`, retainKeys: true },
        ),
        minReadySeconds: count(),
        revisionHistoryLimit: withDefault(count(), 10),
        paused: boolean(),
        progressDeadlineSeconds: withDefault(count(), 600),
      },
      { name: `${APPS}DeploymentSpec` },
    ),
  ),
  status: object(
    {
      observedGeneration: int64(),
      replicas: count(),
      updatedReplicas: count(),
      readyReplicas: count(),
      availableReplicas: count(),
      unavailableReplicas: count(),
      terminatingReplicas: count(),
      conditions: listBy('type', condition('DeploymentCondition')),
      collisionCount: int32(),
    },
    { name: `${APPS}DeploymentStatus` },
  ),
});
export type Deployment = Infer<typeof Deployment>;

export const ReplicaSet = kind(`${APPS}ReplicaSet`, {
  spec: required(
    object(
      {
        selector: required(LabelSelector),
        template: PodTemplateSpec,
        replicas: withDefault(count(), 1),
        minReadySeconds: count(),
      },
      { name: `${APPS}ReplicaSetSpec` },
    ),
  ),
  status: object(
    {
      replicas: always(count(), 0),
      fullyLabeledReplicas: count(),
      readyReplicas: count(),
      availableReplicas: count(),
      terminatingReplicas: count(),
      observedGeneration: int64(),
      conditions: listBy('type', condition('ReplicaSetCondition')),
    },
    { name: `${APPS}ReplicaSetStatus` },
  ),
});
export type ReplicaSet = Infer<typeof ReplicaSet>;

const retention = () => withDefault(oneOf('Retain', 'Delete'), 'Retain');

export const StatefulSet = kind(`${APPS}StatefulSet`, {
  spec: required(
    object(
      {
        ...selected,
        serviceName: string(),
        replicas: withDefault(count(), 1),
        volumeClaimTemplates: list(PersistentVolumeClaim as Schema<PersistentVolumeClaim>),
        podManagementPolicy: withDefault(oneOf('OrderedReady', 'Parallel'), 'OrderedReady'),
        updateStrategy: object(
          {
            type: oneOf('RollingUpdate', 'OnDelete'),
            rollingUpdate: object(
              { partition: count(), maxUnavailable: intOrString() },
              { name: `${APPS}RollingUpdateStatefulSetStrategy` },
            ),
          },
          { name: `${APPS}StatefulSetUpdateStrategy` },
        ),
        revisionHistoryLimit: withDefault(count(), 10),
        minReadySeconds: count(),
        persistentVolumeClaimRetentionPolicy: withDefault(
          object(
            { whenDeleted: retention(), whenScaled: retention() },
            { name: `${APPS}StatefulSetPersistentVolumeClaimRetentionPolicy` },
          ),
          {},
        ),
        ordinals: object({ start: count() }, { name: `${APPS}StatefulSetOrdinals` }),
      },
      { name: `${APPS}StatefulSetSpec` },
    ),
  ),
  status: object(
    {
      observedGeneration: int64(),
      replicas: always(count(), 0),
      readyReplicas: count(),
      currentReplicas: count(),
      updatedReplicas: count(),
      availableReplicas: count(),
      currentRevision: string(),
      updateRevision: string(),
      collisionCount: int32(),
      conditions: listBy('type', condition('StatefulSetCondition')),
    },
    { name: `${APPS}StatefulSetStatus` },
  ),
});
export type StatefulSet = Infer<typeof StatefulSet>;

export const DaemonSet = kind(`${APPS}DaemonSet`, {
  spec: required(
    object(
      {
        ...selected,
        updateStrategy: object(
          {
            type: oneOf('RollingUpdate', 'OnDelete'),
            rollingUpdate: object(
              { maxUnavailable: intOrString(), maxSurge: intOrString() },
              { name: `${APPS}RollingUpdateDaemonSet` },
            ),
          },
          { name: `${APPS}DaemonSetUpdateStrategy` },
        ),
        minReadySeconds: count(),
        revisionHistoryLimit: withDefault(count(), 10),
      },
      { name: `${APPS}DaemonSetSpec` },
    ),
  ),
  status: object(
    {
      currentNumberScheduled: always(count(), 0),
      numberMisscheduled: always(count(), 0),
      desiredNumberScheduled: always(count(), 0),
      numberReady: always(count(), 0),
      observedGeneration: int64(),
      updatedNumberScheduled: count(),
      numberAvailable: count(),
      numberUnavailable: count(),
      collisionCount: int32(),
      conditions: listBy('type', condition('DaemonSetCondition')),
    },
    { name: `${APPS}DaemonSetStatus` },
  ),
});
export type DaemonSet = Infer<typeof DaemonSet>;

export const ControllerRevision = kind(`${APPS}ControllerRevision`, { data: any(), revision: always(int64(), 0) });
export type ControllerRevision = Infer<typeof ControllerRevision>;
