/** A container of a Pod: its program, ports, environment, probes and mounts. */
import { CORE } from './meta.js';
import {
  any,
  boolean,
  dict,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  listBy,
  object,
  oneOf,
  quantity,
  required,
  string,
  withDefault,
} from './schema.js';

const port = () => intOrString();
const httpHeader = object({ name: required(string()), value: string() }, { name: `${CORE}HTTPHeader` });

const handlers = {
  exec: object({ command: list(string()) }, { name: `${CORE}ExecAction` }),
  httpGet: object(
    {
      path: withDefault(string(), '/'),
      port: required(port()),
      host: string(),
      scheme: withDefault(oneOf('HTTP', 'HTTPS'), 'HTTP'),
      httpHeaders: list(httpHeader),
    },
    { name: `${CORE}HTTPGetAction` },
  ),
  tcpSocket: object({ port: required(port()), host: string() }, { name: `${CORE}TCPSocketAction` }),
} as const;

export const Probe = object(
  {
    ...handlers,
    grpc: object(
      { port: required(int32({ min: 1, max: 65535 })), service: withDefault(string(), '') },
      { name: `${CORE}GRPCAction` },
    ),
    initialDelaySeconds: int32({ min: 0 }),
    timeoutSeconds: withDefault(int32({ min: 0 }), 1),
    periodSeconds: withDefault(int32({ min: 0 }), 10),
    successThreshold: withDefault(int32({ min: 0 }), 1),
    failureThreshold: withDefault(int32({ min: 0 }), 3),
    terminationGracePeriodSeconds: int64({ min: 1 }),
  },
  { name: `${CORE}Probe` },
);
export type Probe = Infer<typeof Probe>;

export const LifecycleHandler = object(
  { ...handlers, sleep: object({ seconds: required(int64()) }, { name: `${CORE}SleepAction` }) },
  { name: `${CORE}LifecycleHandler` },
);
export type LifecycleHandler = Infer<typeof LifecycleHandler>;

export const FieldRef = object(
  { apiVersion: withDefault(string(), 'v1'), fieldPath: required(string()) },
  { name: `${CORE}ObjectFieldSelector`, atomic: true },
);
export const ResourceFieldRef = object(
  { containerName: string(), resource: required(string()), divisor: withDefault(quantity(), '0') },
  { name: `${CORE}ResourceFieldSelector`, atomic: true },
);
const keyRef = (name: string) =>
  object(
    { name: withDefault(string(), ''), key: required(string()), optional: boolean() },
    { name: CORE + name, atomic: true },
  );

export const EnvVar = object(
  {
    name: required(string()),
    value: string(),
    valueFrom: object(
      {
        fieldRef: FieldRef,
        resourceFieldRef: ResourceFieldRef,
        configMapKeyRef: keyRef('ConfigMapKeySelector'),
        secretKeyRef: keyRef('SecretKeySelector'),
      },
      { name: `${CORE}EnvVarSource` },
    ),
  },
  { name: `${CORE}EnvVar` },
);
export type EnvVar = Infer<typeof EnvVar>;

const sourceRef = (name: string) =>
  object({ name: withDefault(string(), ''), optional: boolean() }, { name: CORE + name });
export const EnvFromSource = object(
  { prefix: string(), configMapRef: sourceRef('ConfigMapEnvSource'), secretRef: sourceRef('SecretEnvSource') },
  { name: `${CORE}EnvFromSource` },
);

export const ContainerPort = object(
  {
    name: string({ format: 'port-name' }),
    hostPort: int32({ min: 0, max: 65535 }),
    containerPort: required(int32({ min: 1, max: 65535 })),
    protocol: withDefault(oneOf('TCP', 'UDP', 'SCTP'), 'TCP'),
    hostIP: string(),
  },
  { name: `${CORE}ContainerPort` },
);
export type ContainerPort = Infer<typeof ContainerPort>;

export const VolumeMount = object(
  {
    name: required(string()),
    mountPath: required(string()),
    subPath: string(),
    subPathExpr: string(),
    readOnly: boolean(),
    recursiveReadOnly: oneOf('Disabled', 'IfPossible', 'Enabled'),
    mountPropagation: oneOf('None', 'HostToContainer', 'Bidirectional'),
  },
  { name: `${CORE}VolumeMount` },
);
export type VolumeMount = Infer<typeof VolumeMount>;

export const ResourceRequirements = object(
  {
    limits: dict(quantity()),
    requests: dict(quantity()),
    claims: list(object({ name: required(string()), request: string() }, { name: `${CORE}ResourceClaim` }), {
      type: 'map',
      keys: ['name'],
    }),
  },
  { name: `${CORE}ResourceRequirements` },
);
export type ResourceRequirements = Infer<typeof ResourceRequirements>;

const seLinuxOptions = object(
  { user: string(), role: string(), type: string(), level: string() },
  { name: `${CORE}SELinuxOptions` },
);
const seccompProfile = object(
  { type: required(oneOf('Unconfined', 'RuntimeDefault', 'Localhost')), localhostProfile: string() },
  { name: `${CORE}SeccompProfile` },
);

/** What the Pod's and the container's security contexts share. */
export const securityFields = {
  runAsUser: int64({ min: 0 }),
  runAsGroup: int64({ min: 0 }),
  runAsNonRoot: boolean(),
  seLinuxOptions,
  seccompProfile,
  appArmorProfile: seccompProfile,
  windowsOptions: any(),
} as const;

const SecurityContext = object(
  {
    ...securityFields,
    privileged: boolean(),
    readOnlyRootFilesystem: boolean(),
    allowPrivilegeEscalation: boolean(),
    procMount: string(),
    capabilities: object({ add: list(string()), drop: list(string()) }, { name: `${CORE}Capabilities` }),
  },
  { name: `${CORE}SecurityContext` },
);

export const containerFields = {
  name: required(string({ format: 'dns-label' })),
  image: string(),
  command: list(string()),
  args: list(string()),
  workingDir: string(),
  ports: list(ContainerPort, { type: 'map', keys: ['containerPort', 'protocol'], mergeKey: 'containerPort' }),
  env: listBy('name', EnvVar),
  envFrom: list(EnvFromSource),
  resources: ResourceRequirements,
  resizePolicy: list(
    object(
      { resourceName: required(string()), restartPolicy: required(string()) },
      { name: `${CORE}ContainerResizePolicy` },
    ),
  ),
  restartPolicy: oneOf('Always'),
  volumeMounts: listBy('mountPath', VolumeMount),
  volumeDevices: listBy(
    'devicePath',
    object({ name: required(string()), devicePath: required(string()) }, { name: `${CORE}VolumeDevice` }),
  ),
  livenessProbe: Probe,
  readinessProbe: Probe,
  startupProbe: Probe,
  lifecycle: object(
    { postStart: LifecycleHandler, preStop: LifecycleHandler, stopSignal: string() },
    { name: `${CORE}Lifecycle` },
  ),
  terminationMessagePath: withDefault(string(), '/dev/termination-log'),
  terminationMessagePolicy: withDefault(oneOf('File', 'FallbackToLogsOnError'), 'File'),
  imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  securityContext: SecurityContext,
  stdin: boolean(),
  stdinOnce: boolean(),
  tty: boolean(),
} as const;

export const Container = object(containerFields, { name: `${CORE}Container` });
export type Container = Infer<typeof Container>;

export const EphemeralContainer = object(
  { ...containerFields, targetContainerName: string() },
  { name: `${CORE}EphemeralContainer` },
);
