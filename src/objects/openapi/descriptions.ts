/** What `kubectl explain` says of types and of the fields that every kind has. One sentence each. */

/** By the last part of the type's OpenAPI name. */
const TYPES: Readonly<Record<string, string>> = {
  Pod: 'Containers that share one network namespace, one address and one node.',
  PodSpec: 'Which containers and volumes a Pod has, and where and how it runs.',
  PodStatus: 'Where a Pod runs, under which addresses, and the state of its containers.',
  PodTemplateSpec: 'The Pod that a workload makes copies of.',
  Container: 'One program of a Pod, with its image, environment, ports, probes and mounts.',
  ContainerPort: 'A port that a container listens on. Naming it lets Services and policies refer to it.',
  EnvVar: 'One environment variable, by value or taken from elsewhere.',
  Probe: 'How the kubelet asks a container whether it is alive, ready or started, and how often.',
  ResourceRequirements: 'How much of each resource a container asks for, and how much it may use.',
  Volume: 'Storage that the containers of a Pod may mount; exactly one source is set.',
  VolumeMount: 'Where in a container a volume of the Pod appears.',
  Toleration: 'A taint of nodes that does not keep the Pod away.',
  Service: 'A stable name and address for a set of Pods.',
  ServiceSpec: 'Which Pods a Service stands for, on which ports, and from where it can be reached.',
  ServicePort: 'A port of a Service and the port of its Pods behind it.',
  ServiceStatus: 'Where a load balancer listens for the Service.',
  EndpointSlice: 'Some of the addresses behind a Service.',
  Endpoints: 'The addresses behind a Service, in one object. EndpointSlice is its successor.',
  Endpoint: 'The addresses of one Pod, and whether it takes traffic.',
  Node: 'A machine that Pods run on.',
  NodeSpec: 'What the cluster has decided about a node: its Pod addresses and taints.',
  NodeStatus: 'What a node reports of itself: addresses, capacity and conditions.',
  Namespace: 'A scope for names.',
  ConfigMap: 'Configuration by key, for programs to read.',
  Secret: 'Confidential data by key. Values are base64 in `data`, plain in `stringData`.',
  ServiceAccount: 'An identity for the programs of Pods.',
  Event: 'Something that happened to an object.',
  PersistentVolumeClaim: 'A request for storage. It is kept, but nothing here provides the storage.',
  Deployment: 'Keeps a number of equal Pods running and replaces them step by step when the template changes.',
  DeploymentSpec: 'How many Pods a Deployment keeps, from which template, and how it replaces them.',
  DeploymentStrategy: 'How old Pods give way to new ones.',
  ReplicaSet: 'Keeps a number of equal Pods running.',
  StatefulSet: 'Keeps Pods with stable names, in order.',
  DaemonSet: 'Keeps one Pod on every node that it selects.',
  ControllerRevision: 'A former state of a StatefulSet or DaemonSet, for going back to it.',
  Job: 'Runs Pods until enough of them have succeeded.',
  CronJob: 'Makes a Job at the times of a schedule.',
  NetworkPolicy:
    'Which traffic the selected Pods may receive and send. Pods that no policy selects may do both freely.',
  NetworkPolicySpec: 'The Pods that a policy isolates and the traffic that it allows them.',
  NetworkPolicyPeer: 'Who is at the other end: Pods, namespaces or a block of addresses.',
  NetworkPolicyPort: 'A port or a range of ports.',
  IPBlock: 'A block of addresses, without some of its parts.',
  Ingress: 'HTTP routes from outside to Services, by host and path.',
  IngressClass: 'The controller that serves Ingresses of this class.',
  Lease: 'A sign of life: who holds it, and when it was last renewed.',
  Role: 'What may be done to which resources, within one namespace.',
  ClusterRole: 'What may be done to which resources, in the whole cluster.',
  RoleBinding: 'Who has a role in one namespace.',
  ClusterRoleBinding: 'Who has a role in the whole cluster.',
  PriorityClass: 'How important Pods of this class are.',
  PodDisruptionBudget: 'How many of the selected Pods must stay when others want them gone.',
  CustomResourceDefinition: 'A new kind, with its names, versions and schemas.',
  ValidatingAdmissionPolicy: 'Rules for objects in CEL. They are kept, but nothing here evaluates them.',
  ValidatingAdmissionPolicyBinding: 'Where an admission policy applies.',
  ObjectMeta: 'What every object has: name, labels, annotations, owners.',
  LabelSelector: 'Selects objects by their labels; all requirements must hold. An empty one selects everything.',
};

const FIELDS: Readonly<Record<string, string>> = {
  apiVersion: 'The group and version of this kind.',
  kind: 'The kind of this object.',
  metadata: 'Name, labels, annotations and owners.',
  spec: 'What is wanted.',
  status: 'What is the case; written by the system.',
};

export function describeType(name: string | undefined): string | undefined {
  const last = name?.slice(name.lastIndexOf('.') + 1) ?? '';
  return Object.hasOwn(TYPES, last) ? TYPES[last] : undefined;
}

export const describeField = (name: string): string | undefined =>
  Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
