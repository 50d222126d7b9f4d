/** A Pod's volumes. The sources that the lab mounts are described; the others are accepted as they come. */
import { FieldRef, ResourceFieldRef } from './container.js';
import { CORE, LabelSelector, TemplateMeta } from './meta.js';
import { PersistentVolumeClaimSpec } from './persistent-volume-claim.js';
import {
  any,
  boolean,
  type Infer,
  int32,
  int64,
  list,
  object,
  oneOf,
  quantity,
  required,
  string,
  withDefault,
} from './schema.js';

const mode = () => int32({ min: 0, max: 0o777 });

export const KeyToPath = object(
  { key: required(string()), path: required(string()), mode: mode() },
  { name: `${CORE}KeyToPath` },
);
const items = list(KeyToPath);

export const DownwardAPIFile = object(
  { path: required(string()), fieldRef: FieldRef, resourceFieldRef: ResourceFieldRef, mode: mode() },
  { name: `${CORE}DownwardAPIVolumeFile` },
);

const projection = object(
  {
    secret: object(
      { name: withDefault(string(), ''), items, optional: boolean() },
      { name: `${CORE}SecretProjection` },
    ),
    configMap: object(
      { name: withDefault(string(), ''), items, optional: boolean() },
      { name: `${CORE}ConfigMapProjection` },
    ),
    downwardAPI: object({ items: list(DownwardAPIFile) }, { name: `${CORE}DownwardAPIProjection` }),
    serviceAccountToken: object(
      { audience: string(), expirationSeconds: withDefault(int64({ min: 600 }), 3600), path: required(string()) },
      { name: `${CORE}ServiceAccountTokenProjection` },
    ),
    clusterTrustBundle: object(
      {
        name: string(),
        signerName: string(),
        labelSelector: LabelSelector,
        optional: boolean(),
        path: required(string()),
      },
      { name: `${CORE}ClusterTrustBundleProjection` },
    ),
  },
  { name: `${CORE}VolumeProjection` },
);

export const Volume = object(
  {
    name: required(string({ format: 'dns-label' })),
    emptyDir: object({ medium: string(), sizeLimit: quantity() }, { name: `${CORE}EmptyDirVolumeSource` }),
    hostPath: object(
      { path: required(string()), type: withDefault(string(), '') },
      { name: `${CORE}HostPathVolumeSource` },
    ),
    configMap: object(
      { name: withDefault(string(), ''), items, defaultMode: withDefault(mode(), 0o644), optional: boolean() },
      { name: `${CORE}ConfigMapVolumeSource` },
    ),
    secret: object(
      { secretName: string(), items, defaultMode: withDefault(mode(), 0o644), optional: boolean() },
      { name: `${CORE}SecretVolumeSource` },
    ),
    downwardAPI: object(
      { items: list(DownwardAPIFile), defaultMode: withDefault(mode(), 0o644) },
      { name: `${CORE}DownwardAPIVolumeSource` },
    ),
    projected: object(
      { sources: list(projection), defaultMode: withDefault(mode(), 0o644) },
      { name: `${CORE}ProjectedVolumeSource` },
    ),
    persistentVolumeClaim: object(
      { claimName: required(string()), readOnly: boolean() },
      { name: `${CORE}PersistentVolumeClaimVolumeSource` },
    ),
    ephemeral: object(
      {
        volumeClaimTemplate: object(
          { metadata: TemplateMeta, spec: required(PersistentVolumeClaimSpec) },
          { name: `${CORE}PersistentVolumeClaimTemplate` },
        ),
      },
      { name: `${CORE}EphemeralVolumeSource` },
    ),
    image: object(
      { reference: string(), pullPolicy: oneOf('Always', 'IfNotPresent', 'Never') },
      { name: `${CORE}ImageVolumeSource` },
    ),
    nfs: object(
      { server: required(string()), path: required(string()), readOnly: boolean() },
      { name: `${CORE}NFSVolumeSource` },
    ),
    csi: any(),
    gcePersistentDisk: any(),
    awsElasticBlockStore: any(),
    azureDisk: any(),
    azureFile: any(),
    cephfs: any(),
    cinder: any(),
    fc: any(),
    flexVolume: any(),
    flocker: any(),
    gitRepo: any(),
    glusterfs: any(),
    iscsi: any(),
    photonPersistentDisk: any(),
    portworxVolume: any(),
    quobyte: any(),
    rbd: any(),
    scaleIO: any(),
    storageos: any(),
    vsphereVolume: any(),
  },
  { name: `${CORE}Volume` },
);
export type Volume = Infer<typeof Volume>;
