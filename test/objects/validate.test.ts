/** Bad objects and what is said of them, in Kubernetes' own words. A manifest, then its errors. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { describeErrors } from '../../src/objects/validate.js';
import { errorsOf, updateErrorsOf } from './help.js';

function check(title: string, yaml: string, ...errors: string[]): void {
  test(`${title}: ${errors[0] ?? 'good'}`, () => assert.deepEqual(errorsOf(yaml), errors));
}

const service = (spec: string, meta = '{name: a}') =>
  `{apiVersion: v1, kind: Service, metadata: ${meta}, spec: ${spec}}`;
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

check('a Service', service('{ports: [{port: 80}]}'));
check('headless without ports', service('{clusterIP: None}'));
check(
  'port out of range',
  service('{ports: [{port: 70000}]}'),
  'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
  'spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
);
check('no ports', service('{}'), 'spec.ports: Required value');
check('no spec', '{apiVersion: v1, kind: Service, metadata: {name: a}}', 'spec.ports: Required value');
check('no port number', service('{ports: [{name: http}]}'), 'spec.ports[0].port: Required value');
check(
  'protocol',
  service('{ports: [{port: 80, protocol: ICMP}]}'),
  'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
);
check(
  'type',
  service('{type: Magic, ports: [{port: 80}]}'),
  'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
);
check(
  'several ports need names',
  service('{ports: [{port: 80, name: a}, {port: 81}]}'),
  'spec.ports[1].name: Required value',
);
check(
  'port names are unique',
  service('{ports: [{port: 80, name: a}, {port: 81, name: a}]}'),
  'spec.ports[1].name: Duplicate value: "a"',
);
check(
  'ports are unique',
  service('{ports: [{port: 80, name: a}, {port: 80, name: b}]}'),
  'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}',
);
check('one port number, two protocols', service('{ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]}'));
check(
  'target port',
  service('{ports: [{port: 80, targetPort: 0x10000}]}'),
  'spec.ports[0].targetPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
);
check(
  'target port name',
  service('{ports: [{port: 80, targetPort: "80"}]}'),
  'spec.ports[0].targetPort: Invalid value: "80": must contain at least one letter (a-z)',
);
check(
  'node port without NodePort',
  service('{ports: [{port: 80, nodePort: 30080}]}'),
  "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
);
check('name', service('{ports: [{port: 80}]}', '{name: 1a}'), `metadata.name: Invalid value: "1a": ${LABEL_1035}`);
check(
  'cluster IP',
  service('{clusterIP: 010.0.0.1, ports: [{port: 80}]}'),
  'spec.clusterIPs[0]: Invalid value: "010.0.0.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
);
check(
  'two of one family',
  service('{clusterIP: 10.96.0.5, clusterIPs: [10.96.0.5, 10.96.0.6], ports: [{port: 80}]}'),
  'spec.clusterIPs: Invalid value: ["10.96.0.5","10.96.0.6"]: may specify no more than one IP for each IP family',
);
check(
  'family of the address',
  service('{clusterIP: 10.96.0.5, ipFamilies: [IPv6], ports: [{port: 80}]}'),
  'spec.clusterIPs[0]: Invalid value: "10.96.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`',
);
check(
  'headless NodePort',
  service('{type: NodePort, clusterIP: None, ports: [{port: 80}]}'),
  'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
);
check('ExternalName without a name', service('{type: ExternalName}'), 'spec.externalName: Required value');
check(
  'external IP that is loopback',
  service('{externalIPs: [127.0.0.1], ports: [{port: 80}]}'),
  'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
);
check(
  'affinity',
  service(
    '{sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 100000}}, ports: [{port: 80}]}',
  ),
  'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 100000: must be between 1 and 86400, inclusive',
);

const pod = (spec: string, meta = '{name: a}') => `{apiVersion: v1, kind: Pod, metadata: ${meta}, spec: ${spec}}`;
check('a Pod', pod('{containers: [{name: c, image: x}]}'));
check('no containers', pod('{}'), 'spec.containers: Required value');
check(
  'containers need a name and an image',
  pod('{containers: [{}]}'),
  'spec.containers[0].name: Required value',
  'spec.containers[0].image: Required value',
);
check(
  'container names are unique',
  pod('{containers: [{name: c, image: x}], initContainers: [{name: c, image: x}]}'),
  'spec.initContainers[0].name: Duplicate value: "c"',
);
check(
  'restart policy',
  pod('{restartPolicy: Maybe, containers: [{name: c, image: x}]}'),
  'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"',
);
check(
  'a mount without its volume',
  pod('{containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /v}]}]}'),
  'spec.containers[0].volumeMounts[0].name: Not found: "v"',
);
check(
  'two mounts in one place',
  pod(
    '{volumes: [{name: v}], containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v}]}]}',
  ),
  'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
);
check(
  'a path out of the volume',
  pod(
    '{volumes: [{name: v}], containers: [{name: c, image: x, volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]}]}',
  ),
  'spec.containers[0].volumeMounts[0].subPath: Invalid value: "../x": must not contain \'..\'',
);
check(
  'two sources of a volume',
  pod('{volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}], containers: [{name: c, image: x}]}'),
  'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
);
check(
  'container port',
  pod('{containers: [{name: c, image: x, ports: [{containerPort: 0}]}]}'),
  'spec.containers[0].ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive',
);
check(
  'port name',
  pod('{containers: [{name: c, image: x, ports: [{name: this-is-too-long-a-name, containerPort: 80}]}]}'),
  'spec.containers[0].ports[0].name: Invalid value: "this-is-too-long-a-name": must be no more than 15 characters',
);
check(
  'probe without a handler',
  pod('{containers: [{name: c, image: x, livenessProbe: {}}]}'),
  'spec.containers[0].livenessProbe: Required value: must specify a handler type',
);
check(
  'probe with two',
  pod('{containers: [{name: c, image: x, livenessProbe: {tcpSocket: {port: 80}, exec: {command: [a]}}}]}'),
  'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
);
check(
  'env from two sources',
  pod(
    '{containers: [{name: c, image: x, env: [{name: E, value: v, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}',
  ),
  'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
);
check(
  'request above the limit',
  pod('{containers: [{name: c, image: x, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]}'),
  'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
);
check(
  'unknown resource',
  pod('{containers: [{name: c, image: x, resources: {limits: {time: 1}}}]}'),
  'spec.containers[0].resources.limits[time]: Invalid value: "time": must be a standard resource type or fully qualified',
  'spec.containers[0].resources.requests[time]: Invalid value: "time": must be a standard resource type or fully qualified',
);
check(
  'DNS policy None without a server',
  pod('{dnsPolicy: None, containers: [{name: c, image: x}]}'),
  'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
);
check(
  'too many name servers',
  pod('{dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}, containers: [{name: c, image: x}]}'),
  'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
);
check(
  'search path of the root',
  pod('{dnsConfig: {searches: [., _srv.example.com.]}, containers: [{name: c, image: x}]}'),
);
check(
  'hostname',
  pod('{hostname: a.b, containers: [{name: c, image: x}]}'),
  "spec.hostname: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
);
check(
  'toleration',
  pod('{tolerations: [{}], containers: [{name: c, image: x}]}'),
  'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
);
check(
  'init containers have no probes',
  pod(
    '{containers: [{name: c, image: x}], initContainers: [{name: i, image: x, livenessProbe: {exec: {command: [a]}}}]}',
  ),
  'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
);
check(
  'but sidecars have',
  pod(
    '{containers: [{name: c, image: x}], initContainers: [{name: i, image: x, restartPolicy: Always, livenessProbe: {exec: {command: [a]}}}]}',
  ),
);

const meta = (metadata: string) => `{apiVersion: v1, kind: ConfigMap, metadata: ${metadata}}`;
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
check('no name', meta('{}'), 'metadata.name: Required value: name or generateName is required');
check('upper case', meta('{name: Web}'), `metadata.name: Invalid value: "Web": ${SUBDOMAIN}`);
check(
  'a label value',
  meta('{name: a, labels: {app: "a b"}}'),
  "metadata.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
);
check(
  'a label key',
  meta('{name: a, labels: {a/b/c: x}}'),
  "metadata.labels: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
);
check(
  'a finalizer',
  meta('{name: a, finalizers: [mine]}'),
  'metadata.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
);
check(
  'a namespace on a cluster object',
  '{apiVersion: v1, kind: Node, metadata: {name: n1, namespace: x}}',
  'metadata.namespace: Forbidden: not allowed on this type',
);
check(
  'a ConfigMap key',
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {..x: y}}',
  'data[..x]: Invalid value: "..x": must not start with \'..\'',
);

const workload = (kind: string, more: string, labels = '{a: b}') =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: a}, spec: {${more}selector: {matchLabels: {a: b}}, template: {metadata: {labels: ${labels}}, spec: {containers: [{name: c, image: x}]}}}}`;
check('a Deployment', workload('Deployment', ''));
check(
  'selector and template',
  workload('Deployment', '', '{a: c}'),
  'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
);
check(
  'no rollout possible',
  workload('Deployment', 'strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}, '),
  'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
);
check(
  'replicas',
  workload('StatefulSet', 'replicas: -1, '),
  'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
);
check(
  'an empty Deployment',
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}',
  'spec.template.spec.containers: Required value',
  'spec.selector: Required value',
);
check(
  'a Job that restarts for ever',
  '{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, image: x}]}}}}',
  'spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never"',
);

const policy = (spec: string) =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: ${spec}}`;
check(
  'a NetworkPolicy',
  policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}'),
);
check(
  'an exception outside',
  policy('{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}'),
  'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
);
check(
  'not a CIDR',
  policy('{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}'),
  'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
);
check('an empty peer', policy('{egress: [{to: [{}]}]}'), 'spec.egress[0].to[0]: Required value: must specify a peer');
check(
  'ports the wrong way round',
  policy('{egress: [{ports: [{port: 90, endPort: 80}]}]}'),
  'spec.egress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
);
check(
  'a range from a name',
  policy('{egress: [{ports: [{port: http, endPort: 80}]}]}'),
  'spec.egress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
);
check(
  'an unknown operator',
  policy('{podSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}'),
  'spec.podSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
);
check(
  'In without values',
  policy('{podSelector: {matchExpressions: [{key: a, operator: In}]}}'),
  "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
);

const slice = (type: string, address: string) =>
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: ${type}, endpoints: [{addresses: ["${address}"]}]}`;
check('an EndpointSlice', slice('IPv4', '10.244.1.5'));
check('and of IPv6', slice('IPv6', 'fd00:10:244::5'));
const at = 'endpoints[0].addresses[0]: Invalid value:';
check(
  'without endpoints',
  '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4, endpoints: []}',
);
check(
  'without even the list of them',
  '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4}',
);
const endpoints = (subset: string) => `{apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [${subset}]}`;
check('Endpoints', endpoints('{addresses: [{ip: 192.0.2.1}, {ip: "2001:db8::1"}], ports: [{port: 80}]}'));
check('Endpoints of nothing', '{apiVersion: v1, kind: Endpoints, metadata: {name: a}}');
check(
  'a subset of nobody',
  endpoints('{ports: [{port: 80}]}'),
  'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
);
check(
  'a subset with the node itself',
  endpoints('{notReadyAddresses: [{ip: 127.0.0.1}]}'),
  'subsets[0].notReadyAddresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
);
check('a subset without an address', endpoints('{addresses: [{}]}'), 'subsets[0].addresses[0].ip: Required value');
check(
  'a subset with a name for an address',
  endpoints('{addresses: [{ip: web}]}'),
  'subsets[0].addresses[0].ip: Invalid value: "web": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
);
check(
  'a subset with two ports of no name',
  endpoints('{addresses: [{ip: 192.0.2.1}], ports: [{port: 80}, {port: 81}]}'),
  'subsets[0].ports[0].name: Required value',
  'subsets[0].ports[1].name: Required value',
);
check(
  'loopback',
  slice('IPv4', '127.0.0.1'),
  `${at} "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`,
);
check('loopback in disguise', slice('IPv6', '::ffff:127.0.0.1'), `${at} "::ffff:127.0.0.1": must be an IPv6 address`);
check(
  'link-local',
  slice('IPv4', '169.254.169.254'),
  `${at} "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)`,
);
check('unspecified', slice('IPv6', '::'), `${at} "::": may not be unspecified (::)`);
check(
  'multicast',
  slice('IPv4', '224.0.0.1'),
  `${at} "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)`,
);
check(
  'multicast at large',
  slice('IPv6', 'ff0e::1'),
  `${at} "ff0e::1": may not be a multicast address (224.0.0.0/4, ff00::/8)`,
);
check('the other family', slice('IPv4', 'fd00::1'), `${at} "fd00::1": must be an IPv4 address`);

const ingress = (path: string) =>
  `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: x.example, http: {paths: [${path}]}}]}}`;
const backend = 'backend: {service: {name: web, port: {number: 80}}}';
check('an Ingress', ingress(`{path: /, pathType: Prefix, ${backend}}`));
check('no path type', ingress(`{path: /, ${backend}}`), 'spec.rules[0].http.paths[0].pathType: Required value');
check(
  'a relative path',
  ingress(`{path: x, pathType: Exact, ${backend}}`),
  'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
);
check(
  'a path that climbs',
  ingress(`{path: /a/../b, pathType: Exact, ${backend}}`),
  'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b": must not contain \'/../\'',
);
check(
  'no backend port',
  ingress('{path: /, pathType: Prefix, backend: {service: {name: web}}}'),
  'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
);

test('several errors are one message', () => {
  const errors = [
    { reason: 'FieldValueRequired', field: 'a', message: 'Required value' },
    { reason: 'FieldValueInvalid', field: 'b', message: 'Invalid value: 1: no' },
  ] as const;
  assert.equal(describeErrors(errors), '[a: Required value, b: Invalid value: 1: no]');
  assert.equal(describeErrors(errors.slice(0, 1)), 'a: Required value');
});

function checkUpdate(title: string, before: string, after: string, ...errors: string[]): void {
  test(`update of ${title}: ${errors[0] ?? 'allowed'}`, () => assert.deepEqual(updateErrorsOf(before, after), errors));
}

checkUpdate('a name', meta('{name: a}'), meta('{name: b}'), 'metadata.name: Invalid value: "b": field is immutable');
checkUpdate('an image', pod('{containers: [{name: c, image: x}]}'), pod('{containers: [{name: c, image: y}]}'));
test('update of a Pod: nothing else', () => {
  const [error, ...rest] = updateErrorsOf(
    pod('{containers: [{name: c, image: x}]}'),
    pod('{containers: [{name: c, image: x, command: [sh]}]}'),
  );
  assert.match(error!, /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/);
  assert.deepEqual(rest, []);
});
checkUpdate(
  'a cluster IP',
  service('{clusterIP: 10.96.0.5, clusterIPs: [10.96.0.5], ports: [{port: 80}]}'),
  service('{clusterIP: 10.96.0.6, clusterIPs: [10.96.0.6], ports: [{port: 80}]}'),
  'spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set',
);
checkUpdate(
  'a selector',
  workload('Deployment', ''),
  workload('Deployment', '').replaceAll('a: b', 'a: c'),
  'spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
);
checkUpdate(
  'replicas of a StatefulSet',
  workload('StatefulSet', 'replicas: 1, '),
  workload('StatefulSet', 'replicas: 2, '),
);
checkUpdate(
  'frozen data',
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, immutable: true, data: {x: y}}',
  '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, immutable: true, data: {x: z}}',
  'data: Forbidden: field is immutable when `immutable` is set',
);
checkUpdate(
  'a role reference',
  '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: r}}',
  '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: s}}',
  'roleRef: Invalid value: {"kind":"Role","name":"s","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
);
