/** Services and EndpointSlices: what the API refuses and in which words, what an update may change, and what falls with a change of type. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointSlice, Service } from '../../src/objects/kinds.js';
import { prepareCreate, prepareUpdate } from '../../src/objects/prepare.js';
import { defaulted, errorsOf, resourceOf, updateErrorsOf } from './help.js';

const service = (spec: string, more = '') =>
  `{apiVersion: v1, kind: Service, metadata: {name: web${more}}, spec: ${spec}}`;
const BALANCER = '{type: LoadBalancer, ports: [{port: 80}]';
const PLAIN = '{ports: [{port: 80}]';
const refusals = (rows: readonly (readonly [manifest: string, ...errors: string[]])[]) => {
  for (const [manifest, ...errors] of rows) {
    it(errors[0] ?? `${manifest} is good`, () => assert.deepEqual(errorsOf(manifest), errors));
  }
};

describe('a Service is refused for', () => {
  refusals([
    [
      service(`${PLAIN}, clusterIPs: [None], clusterIP: ""}`),
      'spec.clusterIPs: Invalid value: ["None"]: must be empty when `clusterIP` is not specified',
    ],
    [
      service(`${PLAIN}, clusterIPs: [None, 10.96.0.5], clusterIP: None}`),
      'spec.clusterIPs: Invalid value: ["None","10.96.0.5"]: \'None\' must be the first and only value',
    ],
    [
      service('{type: ExternalName, externalName: a.example, clusterIP: 10.96.0.5, clusterIPs: [10.96.0.5]}'),
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
    ],
    [
      service('{type: ExternalName, externalName: "A_b."}'),
      "spec.externalName: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
    [service(`${PLAIN}, ipFamilies: [IPv4, IPv4]}`), 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    [
      service('{type: NodePort, ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30080}]}'),
      'spec.ports[1].nodePort: Duplicate value: 30080',
    ],
    [
      service(`${BALANCER}, loadBalancerSourceRanges: [10.0.0.0/8, " 192.0.2.0/24 ", 10.0.0.0/33]}`),
      'spec.loadBalancerSourceRanges[2]: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      service(`${PLAIN}, loadBalancerSourceRanges: [10.0.0.0/8]}`),
      "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      service(
        `${BALANCER}}`,
        ', annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: "10.0.0.0/8, ten"}',
      ),
      'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "10.0.0.0/8, ten": must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24',
    ],
    [
      service(`${PLAIN}}`, ', annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: ""}'),
      "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      service(
        `${PLAIN}}`,
        ', annotations: {service.kubernetes.io/topology-mode: Auto, service.kubernetes.io/topology-aware-hints: Disabled}',
      ),
      'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
    ],
    [
      service(`${PLAIN}, loadBalancerClass: example.com/x}`),
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      service(`${PLAIN}, allocateLoadBalancerNodePorts: false}`),
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      service(`${PLAIN}, externalTrafficPolicy: Local}`),
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      service(`${BALANCER}, healthCheckNodePort: 31000}`),
      "spec.healthCheckNodePort: Invalid value: 31000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      service(`${PLAIN}, internalTrafficPolicy: Nearby}`),
      'spec.internalTrafficPolicy: Unsupported value: "Nearby": supported values: "Cluster", "Local"',
    ],
    [
      service(`${PLAIN}, trafficDistribution: PreferFar}`),
      'spec.trafficDistribution: Unsupported value: "PreferFar": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
    ],
    [
      service(`${PLAIN}, externalIPs: [224.0.0.9, "::ffff:127.0.0.1"]}`),
      'spec.externalIPs[0]: Invalid value: "224.0.0.9": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
      'spec.externalIPs[1]: Invalid value: "::ffff:127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      service(`${PLAIN}, selector: {__proto__: web, constructor: web}}`),
      `spec.selector: Invalid value: "__proto__": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
  ]);
});

describe('the status of a Service is refused for', () => {
  const status = (ingress: string, type = 'LoadBalancer') =>
    `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: ${type}, ports: [{port: 80}]}, status: {loadBalancer: {ingress: [${ingress}]}}}`;
  const at = 'status.loadBalancer.ingress[0]';
  refusals([
    [status('{ip: 192.0.2.7}, {hostname: lb.example.com}, {ip: "2001:db8::7", ipMode: Proxy}')],
    [
      status('{ip: 192.0.2}'),
      `${at}.ip: Invalid value: "192.0.2": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
    ],
    [
      status('{hostname: a.example, ipMode: VIP}'),
      `${at}.ipMode: Forbidden: may not be specified when \`ip\` is not set`,
    ],
    [
      status('{ip: 192.0.2.7, ipMode: Relay}'),
      `${at}.ipMode: Unsupported value: "Relay": supported values: "Proxy", "VIP"`,
    ],
    [
      status('{hostname: 192.0.2.7}'),
      `${at}.hostname: Invalid value: "192.0.2.7": must be a DNS name, not an IP address`,
    ],
    [
      status('{ip: 192.0.2.7}', 'NodePort'),
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ],
  ]);
});

describe('an EndpointSlice is refused for', () => {
  const slice = (endpoint: string, ports = '[]', type = 'IPv4') =>
    `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1}, addressType: ${type}, endpoints: [${endpoint}], ports: ${ports}}`;
  const at = 'endpoints[0]';
  const nine = (name: (i: number) => string) =>
    `[${Array.from({ length: 9 }, (_, i) => `{name: ${name(i)}}`).join(', ')}]`;
  refusals([
    [
      slice(
        '{addresses: [10.244.1.5], hints: {forZones: [{name: a}], forNodes: [{name: n1}]}}',
        '[{port: 80}, {name: x, port: 81}]',
      ),
    ],
    [slice('{addresses: []}'), `${at}.addresses: Required value`],
    [
      slice('{addresses: ["::ffff:7f00:1"]}', '[]', 'IPv6'),
      `${at}.addresses[0]: Invalid value: "::ffff:7f00:1": must be an IPv6 address`,
    ],
    [
      slice('{addresses: ["::ffff:10.244.1.5"]}'),
      `${at}.addresses[0]: Invalid value: "::ffff:10.244.1.5": must be an IPv4 address`,
    ],
    [
      slice('{addresses: [10.244.001.5]}'),
      `${at}.addresses[0]: Invalid value: "10.244.001.5": must be an IPv4 address`,
    ],
    [slice('{addresses: [0.0.0.0]}'), `${at}.addresses[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)`],
    [
      slice('{addresses: [10.244.1.5], nodeName: N_1}'),
      `${at}.nodeName: Invalid value: "N_1": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
    [
      slice(`{addresses: [10.244.1.5], hints: {forZones: ${nine(i => `z${i}`)}, forNodes: ${nine(i => `n${i}`)}}}`),
      `${at}.hints.forZones: Too many: 9: must have at most 8 items`,
      `${at}.hints.forNodes: Too many: 9: must have at most 8 items`,
    ],
    [
      slice('{addresses: [10.244.1.5], hints: {forZones: [{name: a}, {name: a}], forNodes: [{name: n1}, {name: n1}]}}'),
      `${at}.hints.forZones[1].name: Duplicate value: "a"`,
      `${at}.hints.forNodes[1].name: Duplicate value: "n1"`,
    ],
    [slice('{addresses: [10.244.1.5], hints: {forZones: [{}]}}'), `${at}.hints.forZones[0].name: Required value`],
    [slice('{addresses: [10.244.1.5]}', '[{port: 80}, {port: 81}]'), 'ports[1].name: Duplicate value: ""'],
    [
      slice('{addresses: [10.244.1.5]}', '[{name: a, port: 80}, {name: a, port: 81}]'),
      'ports[1].name: Duplicate value: "a"',
    ],
    [
      slice('{addresses: [10.244.1.5]}', '[{port: 0}]'),
      'ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
  ]);
});

describe('an update of a Service', () => {
  const of = (policy: string, families: string, ips: string) =>
    service(
      `${PLAIN}, ipFamilyPolicy: ${policy}, ipFamilies: [${families}], clusterIP: "${ips.split(',')[0]}", clusterIPs: [${ips.split(',').map(ip => `"${ip}"`)}]}`,
    );
  const [v4, v6] = ['10.96.0.5', 'fd00:10:96::5'];
  const one = of('SingleStack', 'IPv4', v4);
  const two = of('PreferDualStack', 'IPv4, IPv6', `${v4},${v6}`);
  const checked = (port: number) =>
    service(`${BALANCER}, externalTrafficPolicy: Local, healthCheckNodePort: ${port}, loadBalancerClass: a/b}`);
  /** From, to, and what is said. */
  const rows: readonly (readonly [title: string, from: string, to: string, ...errors: string[]])[] = [
    ['may add a second family', one, two],
    ['may release it again', two, one],
    [
      'may not release it without saying so',
      two,
      of('PreferDualStack', 'IPv4', v4),
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary clusterIP',
      'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to \'SingleStack\' when releasing the secondary ipFamily',
    ],
    [
      'may not change the order of its families',
      two,
      of('PreferDualStack', 'IPv6, IPv4', `${v6},${v4}`),
      `spec.clusterIPs[0]: Invalid value: ["${v6}","${v4}"]: may not change once set`,
      `spec.clusterIPs[1]: Invalid value: ["${v6}","${v4}"]: may not change once set`,
      'spec.ipFamilies[0]: Invalid value: ["IPv6","IPv4"]: may not change once set',
      'spec.ipFamilies[1]: Invalid value: ["IPv6","IPv4"]: may not change once set',
    ],
    [
      'may not become headless',
      one,
      of('SingleStack', 'IPv4', 'None'),
      'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
    ],
    ['may become a name', one, service('{type: ExternalName, externalName: a.example}')],
    [
      'may not change its health check port',
      checked(31000),
      checked(31001),
      'spec.healthCheckNodePort: Forbidden: field is immutable',
    ],
    [
      'may not change its class',
      checked(31000),
      checked(31000).replace('a/b', 'a/c'),
      'spec.loadBalancerClass: Invalid value: "a/c": may not change once set',
    ],
  ];
  for (const [title, from, to, ...errors] of rows) it(title, () => assert.deepEqual(updateErrorsOf(from, to), errors));
});

describe('what an update of a Service leaves out', () => {
  const create = (manifest: string) => {
    const object = defaulted(manifest) as Service;
    return prepareCreate(resourceOf(object), { ...object, metadata: { ...object.metadata, uid: 'u' } }) as Service;
  };
  /** A balancer that was given ports and an address. */
  const balancer: Service = {
    ...create(
      service(
        '{type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 31234, loadBalancerClass: a/b, ports: [{name: http, port: 80, nodePort: 30080}, {name: dns, port: 53, protocol: UDP, nodePort: 30053}]}',
      ),
    ),
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.7', ipMode: 'VIP' }] } },
  };
  const change = (spec: Partial<Service['spec']>): Service =>
    prepareUpdate(resourceOf(balancer), { ...balancer, spec: { ...balancer.spec, ...spec } }, balancer) as Service;
  const ports = ({ spec }: Service) => spec.ports?.map(({ nodePort }) => nodePort);

  it('keeps its node port, which goes with the name and not with the number', () => {
    const next = change({
      ports: [
        { name: 'http', port: 8080 },
        { name: 'new', port: 80 },
      ],
    });
    assert.deepEqual(ports(next), [30080, undefined]);
  });

  it('keeps the health check port', () => {
    const { healthCheckNodePort: _, ...spec } = balancer.spec;
    const next = prepareUpdate(resourceOf(balancer), { ...balancer, spec }, balancer) as Service;
    assert.equal(next.spec.healthCheckNodePort, 31234);
  });

  it('gives node ports back when none are to be allocated, but for those that it names', () => {
    const next = change({
      allocateLoadBalancerNodePorts: false,
      ports: [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
      ],
    });
    assert.deepEqual(ports(next), [undefined, 30053]);
  });

  it('goes where a ClusterIP has no use for it: ports, health check, policies, class and address of the balancer', () => {
    const next = change({ type: 'ClusterIP' });
    const { externalTrafficPolicy, healthCheckNodePort, allocateLoadBalancerNodePorts, loadBalancerClass } = next.spec;
    assert.deepEqual(
      [externalTrafficPolicy, healthCheckNodePort, allocateLoadBalancerNodePorts, loadBalancerClass],
      [undefined, undefined, undefined, undefined],
    );
    assert.deepEqual([ports(next), next.status?.loadBalancer], [[undefined, undefined], {}]);
    assert.deepEqual(errorsOf(JSON.stringify(next)), []);
  });

  it('stays when the balancer becomes a NodePort, but for what only balancers have', () => {
    const next = change({ type: 'NodePort' });
    assert.deepEqual(
      [ports(next), next.spec.externalTrafficPolicy, next.spec.healthCheckNodePort, next.status?.loadBalancer],
      [[30080, 30053], 'Local', undefined, {}],
    );
  });

  it('and a node port that is new is not dropped silently', () => {
    const next = change({ type: 'ClusterIP', ports: [{ name: 'http', port: 80, nodePort: 30999 }] });
    assert.deepEqual(errorsOf(JSON.stringify(next)), [
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ]);
  });

  it('of session affinity is taken for its end', () => {
    const sticky = defaulted(service(`${PLAIN}, sessionAffinity: ClientIP}`)) as Service;
    assert.equal(sticky.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds, 10800);
    const plain = defaulted(
      JSON.stringify({ ...sticky, spec: { ...sticky.spec, sessionAffinity: 'None' } }),
    ) as Service;
    assert.equal(plain.spec.sessionAffinityConfig, undefined);
  });
});

it('an EndpointSlice counts changes of its labels, too; its old topology cannot be written', () => {
  const slice = defaulted(
    '{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s, uid: u}, addressType: IPv4, endpoints: [{addresses: [10.244.1.5], deprecatedTopology: {a: b}}]}',
  ) as EndpointSlice;
  const first = prepareCreate(resourceOf(slice), slice) as EndpointSlice;
  assert.deepEqual(first.endpoints, [{ addresses: ['10.244.1.5'] }]);
  const metadata = (more: object) => ({ ...first, metadata: { ...first.metadata, ...more } });
  const labelled = prepareUpdate(
    resourceOf(slice),
    metadata({ labels: { 'kubernetes.io/service-name': 'web' } }),
    first,
  );
  assert.equal(labelled.metadata.generation, 2);
  assert.equal(prepareUpdate(resourceOf(slice), metadata({ annotations: { a: 'b' } }), first).metadata.generation, 1);
});
