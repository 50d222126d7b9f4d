/** Nodes, namespaces, configuration, events and access as `kubectl get` shows them. */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../admission-policy.js';
import type { ConfigMap, Secret } from '../config.js';
import { type Event, type EventV1, fromEventV1 } from '../event.js';
import type { Lease } from '../lease.js';
import type { Namespace } from '../namespace.js';
import type { Node } from '../node.js';
import type { PersistentVolumeClaim } from '../persistent-volume-claim.js';
import type { PriorityClass } from '../priority-class.js';
import type { RoleBinding } from '../rbac.js';
import type { ServiceAccount } from '../service-account.js';
import { age } from '../time.js';
import { AGE, type Column, count, NAME, NONE, text, wide } from './column.js';

export const nodeColumns: readonly Column<Node>[] = [
  NAME,
  text('Status', ({ spec, status }) => {
    const ready = status?.conditions?.find(condition => condition.type === 'Ready');
    const word = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
    return spec?.unschedulable ? `${word},SchedulingDisabled` : word;
  }),
  text('Roles', ({ metadata }) => {
    const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
      if (key.startsWith(ROLE)) return key.length > ROLE.length ? [key.slice(ROLE.length)] : [];
      return key === 'kubernetes.io/role' && value ? [value] : [];
    });
    return [...new Set(roles)].sort().join(',') || NONE;
  }),
  AGE,
  text('Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
  wide(text('Internal-IP', node => nodeAddress(node, 'InternalIP'))),
  wide(text('External-IP', node => nodeAddress(node, 'ExternalIP'))),
  wide(text('OS-Image', ({ status }) => status?.nodeInfo?.osImage || '<unknown>')),
  wide(text('Kernel-Version', ({ status }) => status?.nodeInfo?.kernelVersion || '<unknown>')),
  wide(text('Container-Runtime', ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>')),
];

const ROLE = 'node-role.kubernetes.io/';

const nodeAddress = ({ status }: Node, type: string) =>
  status?.addresses?.find(address => address.type === type)?.address ?? NONE;

export const namespaceColumns: readonly Column<Namespace>[] = [
  NAME,
  text('Status', ({ status }) => status?.phase ?? ''),
  AGE,
];

const size = (map: object | undefined) => Object.keys(map ?? {}).length;

export const configMapColumns: readonly Column<ConfigMap>[] = [
  NAME,
  count('Data', ({ data, binaryData }) => size(data) + size(binaryData)),
  AGE,
];

export const secretColumns: readonly Column<Secret>[] = [
  NAME,
  text('Type', ({ type }) => type ?? ''),
  count('Data', ({ data }) => size(data)),
  AGE,
];

export const serviceAccountColumns: readonly Column<ServiceAccount>[] = [
  NAME,
  count('Secrets', ({ secrets }) => secrets?.length ?? 0),
  AGE,
];

/** Both API forms of an event print alike. */
const event = (object: Event | EventV1): Event =>
  'regarding' in object ? fromEventV1(object as EventV1) : (object as Event);

const firstSeen = ({ firstTimestamp, eventTime }: Event) => firstTimestamp ?? eventTime;

export const eventColumns: readonly Column<Event | EventV1>[] = [
  text('Last Seen', (object, now) => {
    const seen = event(object);
    return age(seen.series?.lastObservedTime ?? seen.lastTimestamp ?? firstSeen(seen), now);
  }),
  text('Type', object => object.type ?? ''),
  text('Reason', object => object.reason ?? ''),
  text('Object', object => {
    const { kind = '', name } = event(object).involvedObject ?? {};
    return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
  }),
  wide(text('Subobject', object => event(object).involvedObject?.fieldPath ?? '')),
  wide(
    text('Source', object => {
      const { source, reportingComponent, reportingInstance } = event(object);
      return [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', ');
    }),
  ),
  text('Message', object => (event(object).message ?? '').trim()),
  wide(text('First Seen', (object, now) => age(firstSeen(event(object)), now))),
  wide(count('Count', object => event(object).series?.count ?? (event(object).count || 1))),
  { ...wide(text<Event | EventV1>('Name', object => object.metadata.name)), format: 'name' },
];

export const leaseColumns: readonly Column<Lease>[] = [
  NAME,
  text('Holder', ({ spec }) => spec?.holderIdentity ?? ''),
  AGE,
];

const subjects = (kind: string) => (object: RoleBinding) =>
  (object.subjects ?? [])
    .filter(subject => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');

export const bindingColumns: readonly Column<RoleBinding>[] = [
  NAME,
  text('Role', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  AGE,
  wide(text('Users', subjects('User'))),
  wide(text('Groups', subjects('Group'))),
  wide(text('ServiceAccounts', subjects('ServiceAccount'))),
];

export const priorityClassColumns: readonly Column<PriorityClass>[] = [
  NAME,
  count('Value', ({ value }) => value),
  { ...text<PriorityClass>('Global-Default', ({ globalDefault }) => globalDefault ?? false), type: 'boolean' },
  AGE,
];

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const claimColumns: readonly Column<PersistentVolumeClaim>[] = [
  NAME,
  text('Status', ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''))),
  text('Volume', ({ spec }) => spec.volumeName ?? ''),
  text('Capacity', ({ status }) => status?.capacity?.storage ?? ''),
  text('Access Modes', ({ status }) => (status?.accessModes ?? []).map(mode => MODES[mode] ?? mode).join(',')),
  text('StorageClass', ({ spec }) => spec.storageClassName ?? ''),
  text('VolumeAttributesClass', ({ spec }) => spec.volumeAttributesClassName ?? '<unset>'),
  AGE,
  wide(text('VolumeMode', ({ spec }) => spec.volumeMode ?? '<unset>')),
];

export const admissionPolicyColumns: readonly Column<ValidatingAdmissionPolicy>[] = [
  NAME,
  count('Validations', ({ spec }) => spec.validations?.length ?? 0),
  text('ParamKind', ({ spec }) => (spec.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : '<unset>')),
  AGE,
];

export const admissionBindingColumns: readonly Column<ValidatingAdmissionPolicyBinding>[] = [
  NAME,
  text('PolicyName', ({ spec }) => spec.policyName),
  text('ParamRef', ({ spec }) => {
    const { namespace, name } = spec.paramRef ?? {};
    if (!spec.paramRef) return '<unset>';
    return namespace ? `${namespace}/${name ?? '*'}` : (name ?? '*');
  }),
  AGE,
];
