/** PersistentVolumeClaim: accepted and kept; nothing here binds it. */
import { CORE, kind, LabelSelector } from './meta.js';
import {
  dict,
  type Infer,
  list,
  listBy,
  object,
  oneOf,
  quantity,
  required,
  string,
  time,
  withDefault,
} from './schema.js';

const typedReference = (name: string, more: object = {}) =>
  object(
    { apiGroup: string(), kind: required(string()), name: required(string()), ...more },
    { name: CORE + name, atomic: true },
  );

export const PersistentVolumeClaimSpec = object(
  {
    accessModes: list(oneOf('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod')),
    selector: LabelSelector,
    resources: object(
      { limits: dict(quantity()), requests: dict(quantity()) },
      { name: `${CORE}VolumeResourceRequirements` },
    ),
    volumeName: string(),
    storageClassName: string(),
    volumeMode: withDefault(oneOf('Filesystem', 'Block'), 'Filesystem'),
    dataSource: typedReference('TypedLocalObjectReference'),
    dataSourceRef: typedReference('TypedObjectReference', { namespace: string() }),
    volumeAttributesClassName: string(),
  },
  { name: `${CORE}PersistentVolumeClaimSpec` },
);

const condition = object(
  {
    type: required(string()),
    status: required(string()),
    lastProbeTime: time(),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${CORE}PersistentVolumeClaimCondition` },
);

export const PersistentVolumeClaim = kind(`${CORE}PersistentVolumeClaim`, {
  spec: required(PersistentVolumeClaimSpec),
  status: object(
    {
      phase: oneOf('Pending', 'Bound', 'Lost'),
      accessModes: list(string()),
      capacity: dict(quantity()),
      allocatedResources: dict(quantity()),
      allocatedResourceStatuses: dict(string()),
      conditions: listBy('type', condition),
      currentVolumeAttributesClassName: string(),
    },
    { name: `${CORE}PersistentVolumeClaimStatus` },
  ),
});
export type PersistentVolumeClaim = Infer<typeof PersistentVolumeClaim>;
