/** Every way to call the plugin, right and wrong, against the specification's words and codes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttachmentService, answer } from '../../src/cni/operations.js';
import { parseRequest, VERSIONS } from '../../src/cni/protocol.js';
import type { Attached } from '../../src/cni/result.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';

const CONFIG = { cniVersion: '1.1.0', name: 'podwire', type: 'podwire' };
const ENV = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/x',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
};
const POD = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u-1';
const PREVIOUS = { cniVersion: '1.1.0', ips: [{ address: '10.244.1.5/32', interface: 1 }] };

type Change = Readonly<Record<string, unknown>>;
const parse = (env: Change, config: Change | string = {}) => {
  const variables = Object.entries({ ...ENV, ...env }).filter(([, value]) => value !== undefined) as [string, string][];
  return parseRequest(
    new Map(variables),
    typeof config === 'string' ? config : JSON.stringify({ ...CONFIG, ...config }),
  );
};

const ports = (...portMappings: readonly unknown[]) => ({ runtimeConfig: { portMappings } });

/** [what differs from a good ADD, in the environment; in the configuration; the code; a word of the message] */
const REFUSED: readonly [Change, Change | string, number, RegExp][] = [
  [{}, '', 6, /no JSON object/],
  [{}, '{"cniVersion"', 6, /no JSON object/],
  [{}, '[]', 6, /no JSON object/],
  [{}, 'null', 6, /no JSON object/],
  [{}, { cniVersion: undefined }, 1, /CNI version ""/],
  [{}, { cniVersion: '2.0.0' }, 1, /"2\.0\.0"/],
  [{}, { cniVersion: '0.2.0' }, 1, /"0\.2\.0"/],
  [{}, { cniVersion: 1.1 }, 1, /1\.1/],
  [{}, { name: undefined }, 7, /name/],
  [{}, { name: '' }, 7, /name/],
  [{}, { name: '-x' }, 7, /name/],
  [{}, { name: '../etc' }, 7, /name/],
  [{ CNI_COMMAND: undefined }, {}, 4, /CNI_COMMAND/],
  [{ CNI_COMMAND: 'add' }, {}, 4, /CNI_COMMAND/],
  [{ CNI_CONTAINERID: undefined }, {}, 4, /CNI_CONTAINERID/],
  [{ CNI_CONTAINERID: '' }, {}, 4, /CNI_CONTAINERID/],
  [{ CNI_CONTAINERID: '../x' }, {}, 4, /CNI_CONTAINERID/],
  [{ CNI_CONTAINERID: 'a b' }, {}, 4, /CNI_CONTAINERID/],
  [{ CNI_IFNAME: undefined }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: '..' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: '.' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: 'a/b' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: 'a:b' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: 'a b' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: 'sixteen-bytes-ab' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_IFNAME: 'äääääääa' + 'b' }, {}, 4, /CNI_IFNAME/],
  [{ CNI_NETNS: undefined }, {}, 4, /CNI_NETNS/],
  [{ CNI_NETNS: 'relative' }, {}, 4, /CNI_NETNS/],
  [{ CNI_ARGS: 'novalue' }, {}, 4, /CNI_ARGS/],
  [{ CNI_ARGS: '=x' }, {}, 4, /CNI_ARGS/],
  [{}, ports({ hostPort: 8080 }), 7, /portMappings/],
  [{}, ports({ hostPort: 65_536, containerPort: 80 }), 7, /portMappings/],
  [{}, ports({ hostPort: 8080, containerPort: 80, protocol: 'icmp' }), 7, /portMappings/],
  [{}, ports({ hostPort: 8080, containerPort: 80, hostIP: '10.0.0' }), 7, /portMappings/],
  [{}, ports(null), 7, /portMappings/],
  [{}, { runtimeConfig: { portMappings: {} } }, 7, /portMappings/],
  [{ CNI_COMMAND: 'CHECK' }, {}, 7, /prevResult/],
  [{ CNI_COMMAND: 'CHECK' }, { prevResult: { ips: 'x' } }, 7, /prevResult/],
  [{ CNI_COMMAND: 'GC' }, {}, 7, /valid-attachments/],
  [{ CNI_COMMAND: 'GC' }, { 'cni.dev/valid-attachments': {} }, 7, /valid-attachments/],
  [{ CNI_COMMAND: 'GC' }, { 'cni.dev/valid-attachments': [{ containerID: 'a' }] }, 7, /lacks/],
  [{ CNI_COMMAND: 'GC' }, { 'cni.dev/valid-attachments': [null] }, 7, /lacks/],
];

test('what is wrong is refused with the code of the specification', () => {
  for (const [env, config, code, message] of REFUSED) {
    const result = parse(env, config);
    const about = JSON.stringify([env, config]);
    assert.ok('code' in result, `taken: ${about}`);
    assert.equal(result.code, code, about);
    assert.match(result.msg, message, about);
  }
});

const REF = { network: 'podwire', containerId: 'c1', ifname: 'eth0' };

/** [what differs from a good ADD, what is understood] */
const TAKEN: readonly [Change, Change, object][] = [
  [{}, {}, { command: 'ADD', ref: REF, netns: '/run/netns/x', pod: undefined, dns: {} }],
  [
    { CNI_ARGS: POD },
    { dns: { nameservers: ['10.96.0.10'] } },
    { command: 'ADD', pod: { namespace: 'shop', name: 'web-0', uid: 'u-1' }, dns: { nameservers: ['10.96.0.10'] } },
  ],
  [{ CNI_ARGS: 'a=b=c;;' }, {}, { command: 'ADD', pod: undefined, hostPorts: [] }],
  [
    {},
    ports(
      { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' },
      { hostPort: 53, containerPort: 5353, protocol: 'UDP', hostIP: '172.30.0.11' },
      { hostPort: 0, containerPort: 81, protocol: 'tcp' },
    ),
    {
      hostPorts: [
        { protocol: 'TCP', number: 8080, containerPort: 80 },
        { protocol: 'UDP', number: 53, containerPort: 5353, hostIP: Ip.of('172.30.0.11') },
      ],
    },
  ],
  [{ CNI_IFNAME: 'fifteen-bytes-a' }, { cniVersion: '0.3.1' }, { command: 'ADD', version: '0.3.1' }],
  [{ CNI_COMMAND: 'DEL' }, { prevResult: PREVIOUS }, { command: 'DEL', ref: REF }],
  [{ CNI_COMMAND: 'DEL', CNI_NETNS: undefined }, {}, { command: 'DEL', ref: REF }],
  [{ CNI_COMMAND: 'CHECK' }, { prevResult: PREVIOUS }, { command: 'CHECK', ref: REF, addresses: ['10.244.1.5/32'] }],
  [
    { CNI_COMMAND: 'STATUS', CNI_CONTAINERID: undefined, CNI_IFNAME: undefined, CNI_NETNS: undefined },
    {},
    { command: 'STATUS', network: 'podwire' },
  ],
  [{ CNI_COMMAND: 'GC' }, { 'cni.dev/valid-attachments': [] }, { command: 'GC', valid: [] }],
  [
    { CNI_COMMAND: 'GC' },
    { 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] },
    { command: 'GC', valid: [REF] },
  ],
  [{ CNI_COMMAND: 'VERSION' }, { name: undefined, cniVersion: '0.4.0' }, { command: 'VERSION', version: '0.4.0' }],
  [{ CNI_COMMAND: 'VERSION' }, { name: undefined, cniVersion: '9.9.9' }, { command: 'VERSION', version: '1.1.0' }],
];

test('what is right is understood', () => {
  for (const [env, config, expected] of TAKEN) {
    const result = parse(env, config) as unknown as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(result[key], value, `${key} of ${JSON.stringify([env, config])}`);
  }
});

const ATTACHED: Attached = {
  host: { name: 'pw0123456789a', mac: '02:00:00:00:00:01' },
  mac: '02:00:00:00:00:02',
  mtu: 1450,
  addresses: [
    { address: Cidr.of('10.244.1.5/32'), gateway: Ip.of('169.254.1.1') },
    { address: Cidr.of('fd00:10:244:1::5/128'), gateway: Ip.of('fe80::1') },
  ],
  routes: [
    { destination: Cidr.of('0.0.0.0/0'), gateway: Ip.of('169.254.1.1') },
    { destination: Cidr.of('::/0'), gateway: Ip.of('fe80::1') },
  ],
};

const service = (more: Partial<AttachmentService> = {}): AttachmentService => ({
  add: async () => ATTACHED,
  remove: async () => undefined,
  check: async () => undefined,
  collect: async () => undefined,
  status: () => undefined,
  ...more,
});

const call = async (command: string, more: Partial<AttachmentService> = {}, config: Change = {}) => {
  const full = { ...CONFIG, prevResult: PREVIOUS, 'cni.dev/valid-attachments': [], ...config };
  const { stdout, exitCode } = await answer(
    new Map(Object.entries({ ...ENV, CNI_COMMAND: command })),
    JSON.stringify(full),
    service(more),
  );
  return { exitCode, json: stdout === '' ? undefined : JSON.parse(stdout) };
};

test('the result of ADD has the shape of the version that was asked for', async () => {
  for (const cniVersion of VERSIONS) {
    const { exitCode, json } = await call('ADD', {}, { cniVersion });
    const old = cniVersion.startsWith('0.');
    const mtu = cniVersion === '1.1.0' ? { mtu: 1450 } : {};
    assert.equal(exitCode, 0);
    assert.deepEqual(json, {
      cniVersion,
      interfaces: [
        { name: 'pw0123456789a', mac: '02:00:00:00:00:01', ...mtu },
        { name: 'eth0', mac: '02:00:00:00:00:02', ...mtu, sandbox: '/run/netns/x' },
      ],
      ips: [
        { ...(old ? { version: '4' } : {}), interface: 1, address: '10.244.1.5/32', gateway: '169.254.1.1' },
        { ...(old ? { version: '6' } : {}), interface: 1, address: 'fd00:10:244:1::5/128', gateway: 'fe80::1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '169.254.1.1' },
        { dst: '::/0', gw: 'fe80::1' },
      ],
      dns: {},
    });
  }
});

test('success of the others is silence, of VERSION the list of versions', async () => {
  for (const command of ['DEL', 'CHECK', 'GC', 'STATUS'])
    assert.deepEqual(await call(command), { exitCode: 0, json: undefined }, command);
  assert.deepEqual(await call('VERSION'), {
    exitCode: 0,
    json: { cniVersion: '1.1.0', supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] },
  });
});

test('an error of the service is an error of the plugin, thrown or returned', async () => {
  const refuse = { code: 11, msg: 'not yet', details: 'the Node has no pod CIDR' };
  assert.deepEqual(await call('ADD', { add: async () => refuse }), {
    exitCode: 1,
    json: { cniVersion: '1.1.0', ...refuse },
  });
  assert.deepEqual(await call('STATUS', { status: () => refuse }, { cniVersion: '1.0.0' }), {
    exitCode: 1,
    json: { cniVersion: '1.0.0', ...refuse },
  });
  const thrown = await call('DEL', { remove: () => Promise.reject(new Error('disk full')) });
  assert.deepEqual(thrown, {
    exitCode: 1,
    json: { cniVersion: '1.1.0', code: 5, msg: 'DEL failed', details: 'disk full' },
  });
});
