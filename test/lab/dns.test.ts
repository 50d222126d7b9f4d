/** DNS as programs in Pods meet it: Debian's dig and the C library, with the Pod's own resolv.conf, on every node. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openFlows } from '../../src/host/flow-kernel.js';
import { processesIn, readLiving } from '../../src/lab/processes.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { eventually, inPath, Lab, run, skip } from './lab.js';
import { idlePod, type Place, place, serviceOf, start } from './pods.js';

const SERVERS = ['10.97.0.10', 'fd00:10:97::a'];
const INTERNET = { 4: '203.0.113.100', 6: '2001:db8::64' };
const DOMAIN = 'default.svc.cluster.local.';

const shell = { containers: [{ name: 'shell', image: 'busybox', command: ['sleep', '1000000'] }] };
const MANIFESTS = [
  idlePod('one', 'n1', shell),
  idlePod('two', 'n2', shell),
  serviceOf('one'),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } },
  { ...serviceOf('far'), metadata: { name: 'far', namespace: 'other' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'store' },
    spec: {
      clusterIP: 'None',
      selector: { app: 'store' },
      ipFamilyPolicy: 'PreferDualStack',
      ports: [{ name: 'db', port: 7000 }],
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'store' },
    spec: {
      serviceName: 'store',
      replicas: 2,
      selector: { matchLabels: { app: 'store' } },
      template: {
        metadata: { labels: { app: 'store' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'idle', image: 'pause' }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: { type: 'ExternalName', externalName: 'example.com' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'alias' },
    spec: { type: 'ExternalName', externalName: 'one.default.svc.cluster.local' },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'manual' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  },
] as KubeObject[];

/** A question, and the lines that dig prints for it. */
type Row = readonly [question: string, answer: readonly string[]];

const reason = skip || (inPath('dig') && inPath('nsenter') ? false : 'needs dig and nsenter on this machine');

describe('DNS in the lab', { skip: reason }, () => {
  const lab = new Lab('stories');
  let clients: readonly Place[] = [];
  /** What the cluster knows by itself, and what it has to ask the Internet. */
  let own: readonly Row[] = [];
  let foreign: readonly Row[] = [];

  before(async () => {
    await lab.up('--nodes', '2');
    const { one, two } = await start(lab, MANIFESTS);
    clients = [one!, two!];
    const stores = [await place(lab, 'store-0'), await place(lab, 'store-1')];
    const api = await lab.api();
    const ips = async (namespace: string, name: string) => {
      const { clusterIPs } = (await api.get(resources.services, { namespace, name })).spec!;
      return { 4: clusterIPs!.find(ip => !ip.includes(':'))!, 6: clusterIPs!.find(ip => ip.includes(':'))! };
    };
    const service = await ips('default', 'one');
    const far = await ips('other', 'far');
    own = [
      ...['one', `one.${DOMAIN}`, 'ONE'].flatMap((name): Row[] => [
        [`${name} A`, [service[4]]],
        [`${name} AAAA`, [service[6]]],
      ]),
      // Found further along the search path, which the server walks: what it leads to is told as an alias.
      ...['one.default', 'one.default.svc'].flatMap((name): Row[] => [
        [`${name} A`, [`one.${DOMAIN}`, service[4]]],
        [`${name} AAAA`, [`one.${DOMAIN}`, service[6]]],
      ]),
      ['far.other A', ['far.other.svc.cluster.local.', far[4]]],
      ['kubernetes A', ['10.97.0.1']],
      ['_tcp._tcp.one SRV', [`0 100 80 one.${DOMAIN}`]],
      ['_udp._udp.one SRV', [`0 100 80 one.${DOMAIN}`]],
      [`-x ${service[4]}`, [`one.${DOMAIN}`]],
      [`-x ${service[6]}`, [`one.${DOMAIN}`]],
      ...stores.flatMap((pod): Row[] => [
        [`${pod.name}.store A`, [pod[4]]],
        [`${pod.name}.store AAAA`, [pod[6]]],
        [`-x ${pod[4]}`, [`${pod.name}.store.${DOMAIN}`]],
        [`-x ${pod[6]}`, [`${pod.name}.store.${DOMAIN}`]],
      ]),
      ['store A', stores.map(pod => pod[4])],
      ['store AAAA', stores.map(pod => pod[6])],
      ['_db._tcp.store SRV', stores.map(pod => `0 100 7000 ${pod.name}.store.${DOMAIN}`)],
      ['alias A', [`one.${DOMAIN}`, service[4]]],
      [`${one![4].replaceAll('.', '-')}.default.pod.cluster.local. A`, [one![4]]],
      [`store-2.store.${DOMAIN} A`, ['NXDOMAIN']],
      [`nothing.${DOMAIN} A`, ['NXDOMAIN']],
      [`one.nowhere.svc.cluster.local. A`, ['NXDOMAIN']],
      ['-x 10.245.250.250', ['NXDOMAIN']],
      // It exists, but not as that.
      [`one.${DOMAIN} MX`, []],
    ];
    foreign = [
      ['example.com A', ['example.com.', INTERNET[4]]],
      ['example.com AAAA', ['example.com.', INTERNET[6]]],
      ['example.com. A', [INTERNET[4]]],
      ['shop A', ['example.com.', INTERNET[4]]],
      ['shop AAAA', ['example.com.', INTERNET[6]]],
      ['nothing.test A', ['NXDOMAIN']],
    ];
    await eventually('the last name is known on every node', async () => {
      const found = await Promise.all(clients.map(client => dig(client, 'store AAAA')));
      return found.every(lines => lines.length === 2);
    });
  });
  after(() => lab.down());

  test('resolv.conf names both servers, and the search path of its namespace', () => {
    for (const client of clients)
      assert.equal(
        readFileSync(`/proc/${processOf(client)}/root/etc/resolv.conf`, 'utf8')
          .split('\n')
          .filter(line => !line.startsWith('#'))
          .join('\n')
          .replace(/^(search .* cluster\.local)( .*)$/m, '$1'),
        `search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${SERVERS[0]}\nnameserver ${SERVERS[1]}\noptions ndots:5\n`,
      );
  });

  test('every kind of question, as resolv.conf says', () => check([...own, ...foreign]));

  test('the first question of a search path gets the final answer, and none once that is switched off', async () => {
    const api = await lab.api();
    const first = `+nosearch example.com.${DOMAIN} A`;
    for (const client of clients) {
      assert.deepEqual(await dig(client, first), [INTERNET[4], 'example.com.'].sort());
      assert.deepEqual(await dig(client, `+nosearch example.com.other.svc.cluster.local. A`), ['NXDOMAIN']);
    }
    await configure('autopath: false');
    for (const client of clients)
      await eventually('off', async () => (await dig(client, first)).join() === 'NXDOMAIN', 5);
    await api.delete(resources.configmaps, { namespace: 'kube-system', name: 'podwire-dns' });
    for (const client of clients)
      await eventually('on again', async () => (await dig(client, first)).includes(INTERNET[4]), 5);
  });

  for (const how of ['+tcp', ...SERVERS.flatMap(server => [`@${server}`, `@${server} +tcp`])])
    test(`the same, ${how}`, () => check([...own.filter(([question]) => /store/.test(question)), ...foreign], how));

  test("the C library's resolver finds the same", async () => {
    for (const client of clients) {
      const names: [name: string, ip: string][] = [
        // Not `one` itself: that stands in the hosts file of the Pod of this name.
        ['one.default', own.find(([question]) => question === 'one A')![1][0]!],
        ['store-1.store', own.find(([question]) => question === 'store-1.store A')![1][0]!],
        ['example.com', INTERNET[4]],
      ];
      for (const [name, ip] of names) {
        const { stdout } = await inside(client, 'getent', 'ahostsv4', name);
        assert.match(stdout, new RegExp(`^${ip.replaceAll('.', '\\.')} +STREAM`), `${name} in ${client.name}`);
      }
      assert.equal((await inside(client, 'getent', 'ahosts', 'nothing')).code, 2, 'not found');
    }
  });

  test('a change of endpoints is seen on every node at once', async () => {
    const api = await lab.api();
    const slice = (address: string): KubeObject =>
      ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'manual-1', labels: { 'kubernetes.io/service-name': 'manual' } },
        addressType: 'IPv4',
        ports: [{ port: 80 }],
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
      }) as KubeObject;
    for (const address of ['198.51.100.1', '198.51.100.2']) {
      await start(lab, [slice(address)]);
      for (const client of clients)
        await eventually(
          `${address} in ${client.name}`,
          async () => (await dig(client, 'manual A')).join() === address,
          2,
        );
    }
    await api.delete(resources.endpointslices, { namespace: 'default', name: 'manual-1' });
    for (const client of clients)
      await eventually('gone', async () => (await dig(client, `manual.${DOMAIN} A`)).join() === 'NXDOMAIN', 2);
  });

  test('a ConfigMap changes the answers on every node at once; a wrong one changes nothing, and is told', async () => {
    const api = await lab.api();
    const everywhere = async (question: string, answer: string) => {
      for (const client of clients)
        await eventually(`${answer} in ${client.name}`, async () => (await dig(client, question)).join() === answer, 5);
    };
    await configure(`
      zones: {stub.test: {upstreams: ['${INTERNET[6]}']}, dead.test: {upstreams: [127.0.0.1#9]}}
      hosts: {db.example.com: 192.0.2.7}
      rewrite: [{suffix: shop.example.com, to: default.svc.cluster.local}]`);
    await everywhere('db.example.com. A', '192.0.2.7');
    const [ip] = own.find(([question]) => question === 'one A')![1];
    await everywhere('one.shop.example.com. A', ip!);
    await everywhere('a.stub.test. A', 'NXDOMAIN');
    await everywhere('a.dead.test. A', 'SERVFAIL');

    await configure('hosts: {db.example.com: 192.0.2.256}');
    await eventually('an Event', async () => {
      const { items } = await api.list(resources.events, { fieldSelector: 'reason=DnsConfigProblem' });
      return items.length === 1 && items[0]!.message!.startsWith('PW-D601');
    });
    const { stdout } = await lab.podwire('status');
    assert.match(stdout, /ConfigMap kube-system\/podwire-dns: PW-D601 config\.yaml: hosts\.db\.example\.com\[0\]/);
    await everywhere('db.example.com. A', '192.0.2.7');

    await api.delete(resources.configmaps, { namespace: 'kube-system', name: 'podwire-dns' });
    await everywhere('db.example.com. A', 'NXDOMAIN');
  });

  const configure = (text: string) =>
    start(lab, [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'kube-system', name: 'podwire-dns' },
        data: { 'config.yaml': text },
      } as KubeObject,
    ]);

  /** Tracked connections to a DNS address, on that node. */
  const tracked = (node: string) => {
    const flows = openFlows(lab.at.netns(node));
    try {
      return [6, 17].flatMap(protocol =>
        SERVERS.flatMap(server => flows.connections({ protocol, to: { ip: Ip.of(server), port: 53 } })),
      );
    } finally {
      flows.close();
    }
  };

  test('queries are not tracked', async () => {
    const all = () => ['n1', 'n2'].flatMap(tracked).map(({ original }) => `${original.source} ${original.sourcePort}`);
    // A server that was held up for a second has its queries answered elsewhere, which is another story.
    await eventually('a round of queries leaves no entry', async () => {
      const before = all();
      for (const how of SERVERS.flatMap(server => [`@${server}`, `@${server} +tcp`])) await check(own.slice(0, 2), how);
      return all().every(one => before.includes(one));
    });
  });

  test('when the server of a node is away, another one answers whoever asks twice; when it is back, it does again', async () => {
    const [client] = clients;
    const { pid } = readLiving(lab.at.node('n1').agentProcess)!;
    const ask = () => Promise.all(SERVERS.map(server => dig(client!, `@${server} +time=1 one A`)));
    const [, [ip]] = own.find(([question]) => question === 'one A')!;
    process.kill(pid, 'SIGSTOP');
    try {
      for (let i = 0; i < 5; i++) assert.deepEqual(await ask(), [[ip], [ip]]);
      assert.deepEqual(await dig(client!, `@${SERVERS[0]} +tcp one A`), [ip]);
      assert.ok(tracked('n1').length > 0, 'it goes by NAT');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eventually('the node answers itself', async () => {
      const before = tracked('n1').length;
      assert.deepEqual(await ask(), [[ip], [ip]]);
      return tracked('n1').length <= before;
    });
  });

  test('an agent is killed under queries, and another takes over: who asks twice sees no time-out', async () => {
    const [client] = clients;
    const [, [ip]] = own.find(([question]) => question === 'one A')!;
    const asker = async () => {
      for (let i = 0; i < 40; i++) assert.deepEqual(await dig(client!, `@${SERVERS[i % 2]} +time=1 one A`), [ip]);
    };
    const askers = [asker(), asker()];
    process.kill(readLiving(lab.at.node('n1').agentProcess)!.pid, 'SIGKILL');
    await eventually('its successor lives', () => readLiving(lab.at.node('n1').agentProcess));
    await Promise.all(askers);
  });

  test('dnsperf loses no query', { skip: !inPath('dnsperf') && 'dnsperf is not installed' }, async () => {
    const file = join(lab.directory, 'queries');
    writeFileSync(file, ['one', 'store'].map(name => `${name}.${DOMAIN} A\n${name}.${DOMAIN} AAAA\n`).join(''));
    const words = ['-s', SERVERS[0]!, '-d', file, '-l', '2', '-c', '4', '-q', '20'];
    // In the Pod's network with this machine's files.
    const { stdout } = await run('nsenter', [`--net=${clients[0]!.netns}`, '--', 'dnsperf', ...words]);
    const count = (what: string) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(stdout)?.[1]);
    assert.ok(count('Queries sent') > 1000, stdout);
    assert.equal(count('Queries lost'), 0, stdout);
    assert.match(stdout, /NOERROR \d+ \(100\.00%\)/);
  });

  test('names are answered while the API server is dead', async () => {
    process.kill(readLiving(lab.at.labd)!.pid, 'SIGKILL');
    await eventually('labd is gone', () => !readLiving(lab.at.labd));
    await check(own);
  });

  async function check(rows: readonly Row[], how = ''): Promise<void> {
    for (const client of clients) {
      const got = await Promise.all(rows.map(([question]) => dig(client, `${how} ${question}`)));
      assert.deepEqual(
        rows.map(([question], i) => [question, got[i]]),
        rows.map(([question, answer]) => [question, [...answer].sort()]),
        client.name,
      );
    }
  }
});

/** The answer section's data, sorted; for a failure the response code's name alone. */
async function dig(client: Place, question: string): Promise<string[]> {
  const words = question.split(' ').filter(Boolean);
  const { stdout } = await inside(
    client,
    'dig',
    '+search',
    '+time=2',
    '+tries=2',
    '+noall',
    '+comments',
    '+answer',
    ...words,
  );
  const code = [...stdout.matchAll(/status: (\w+)/g)].at(-1)?.[1] ?? stdout.trim();
  if (code !== 'NOERROR') return [code];
  return stdout
    .split('\n')
    .filter(line => line && !line.startsWith(';'))
    .map(line => line.split(/\s+/).slice(4).join(' '))
    .sort();
}

/** In the Pod's network and with its files, as `kubectl exec` would, which needs the API server. */
function inside(client: Place, ...command: string[]) {
  return run('nsenter', ['--target', processOf(client), '--mount', '--net', '--', ...command]);
}

const processes = new Map<string, string>();

/** A process of the Pod's container, looked for once: later there are ours beside it. */
function processOf({ netns }: Place): string {
  const known = processes.get(netns);
  if (known) return known;
  const pid = processesIn([netns]).find(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep'),
  )?.pid;
  assert.ok(pid, `the container's process in ${netns}`);
  processes.set(netns, String(pid));
  return String(pid);
}
