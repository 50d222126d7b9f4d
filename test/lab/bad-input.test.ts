/** What is wrong is said in the API server's or our own words, where its author looks; and nobody else notices. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createNamespace, removeNamespace, withNamespace } from '../../src/host/namespace.js';
import { NETNS_DIR } from '../../src/lab/places.js';
import { readLiving } from '../../src/lab/processes.js';
import { findRemains } from '../../src/lab/remains.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { Connection } from './http.js';
import { eventually, inPath, Lab, type Output, run, skip } from './lab.js';
import { echo, idlePod, place, start } from './pods.js';

const AGENT = fileURLToPath(new URL('../../src/agent/main.js', import.meta.url));
const kubectl = inPath('kubectl');

const service = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
const pod = (name: string, spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
const container = { name: 'c', image: 'pause' };

/** What `podwire apply` says; and kubectl, which validates by the schema first, where it says it otherwise. */
const REFUSED: readonly [what: string, manifest: object, ours: string, kubectls?: string][] = [
  [
    'a name that is none',
    pod('Bad_Name', { containers: [container] }),
    `Pod Bad_Name: Pod "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  ],
  ['a Pod without containers', pod('empty', { containers: [] }), 'spec.containers: Required value'],
  [
    'a port that is none',
    service('port', { ports: [{ port: 70000, targetPort: 80 }] }),
    'Service "port" is invalid: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  ['a Service without ports', service('none', { selector: { app: 'a' } }), 'spec.ports: Required value'],
  [
    'an address that is none',
    service('noip', { clusterIP: 'here', ports: [{ port: 80 }] }),
    'spec.clusterIPs[0]: Invalid value: "here": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    'an address of no Service range',
    service('far', { clusterIP: '192.0.2.1', ports: [{ port: 80 }] }),
    'spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.97.0.0/16',
  ],
  [
    'an address that is taken',
    service('taken', { clusterIP: '10.97.0.1', ports: [{ port: 80 }] }),
    'spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: provided IP is already allocated',
  ],
  [
    'a selector that does not match',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'other' },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'b' } }, spec: { containers: [container] } },
      },
    },
    'spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`',
  ],
  [
    'a field that does not exist',
    pod('field', { containers: [container], nonsense: true }),
    'strict decoding error: unknown field "spec.nonsense"',
  ],
  [
    'a namespace that does not exist',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'lost', namespace: 'nowhere' } },
    'namespaces "nowhere" not found',
  ],
  [
    'a kind that does not exist',
    { apiVersion: 'v1', kind: 'Wizard', metadata: { name: 'merlin' } },
    'no matches for kind "Wizard" in version "v1"',
  ],
];

/** Valid, but it cannot be: the event, and what stands in the Pod's status. */
const IMPOSSIBLE: readonly [what: string, spec: object, reason: string, message: RegExp, status: RegExp][] = [
  [
    'an unknown image',
    { nodeName: 'n1', containers: [{ name: 'c', image: 'example.test/nothing:1' }] },
    'Failed',
    /Failed to pull image "example\.test\/nothing:1": .*not in the lab's catalogue/,
    /"reason":"(ErrImagePull|ImagePullBackOff)"/,
  ],
  [
    'a ConfigMap that is missing, as environment',
    { nodeName: 'n1', containers: [{ ...container, envFrom: [{ configMapRef: { name: 'absent' } }] }] },
    'Failed',
    /Error: configmap "absent" not found/,
    /"reason":"CreateContainerConfigError".*|configmap \\"absent\\" not found/,
  ],
  [
    'a ConfigMap that is missing, as files',
    { nodeName: 'n1', containers: [container], volumes: [{ name: 'v', configMap: { name: 'absent' } }] },
    'FailedMount',
    /MountVolume\.SetUp failed for volume "v" : configmap "absent" not found/,
    /"reason":"ContainerCreating"/,
  ],
  [
    'no node that would do',
    { nodeSelector: { disk: 'golden' }, containers: [container] },
    'FailedScheduling',
    /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector/,
    /"type":"PodScheduled".*"reason":"Unschedulable"|"reason":"Unschedulable".*"type":"PodScheduled"/,
  ],
];

describe('bad input', { skip }, () => {
  const lab = new Lab('stories');
  let stream: { stop(): Promise<{ requests: number; failures: string[] }> };

  before(async () => {
    // The second node's pool is small: its Node is there, with ranges of eight addresses, before its kubelet.
    await lab.up('--nodes', '1');
    const podCIDRs = ['10.245.200.0/29', 'fd00:10:245:c8::/125'];
    await start(lab, [
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n2' },
        spec: { podCIDR: podCIDRs[0], podCIDRs },
      } as KubeObject,
    ]);
    await killLabd();
    writeFileSync(lab.at.config, readFileSync(lab.at.config, 'utf8').replace('"nodes": 1', '"nodes": 2'));
    await again();
    const { server, client } = await start(lab, [idlePod('server', 'n2', echo), idlePod('client', 'n1')]);
    stream = lasting(client!.netns, server![4]);
  });
  after(() => lab.down());

  describe('a manifest that is wrong', () => {
    for (const [what, manifest, ours, kubectls = ours] of REFUSED)
      test(what, async () => {
        const file = join(lab.directory, 'wrong.yaml');
        writeFileSync(file, JSON.stringify(manifest));
        const mine = await lab.podwire('apply', '-f', file);
        assert.equal(mine.code, 1);
        says(mine.stderr, ours);
        assert.doesNotMatch(mine.stderr, /\n {4}at /);
        if (!kubectl) return;
        const theirs = await run(kubectl, ['create', '-f', file], lab.env);
        assert.equal(theirs.code, 1, theirs.stdout);
        says(theirs.stderr, kubectls.replace(/^\w+ \w+: /, ''));
      });

    test('a file that is no YAML: its line', async () => {
      const file = join(lab.directory, 'broken.yaml');
      writeFileSync(file, 'kind: Pod\nmetadata: { name: a\n');
      oneLine(await lab.podwire('apply', '-f', file), /PW-U902 .*broken\.yaml: .* at line 3/, 2);
    });
  });

  describe('what is valid, but cannot be', () => {
    for (const [i, [what, spec, reason, message, status]] of IMPOSSIBLE.entries())
      test(what, async () => {
        const name = `impossible-${i}`;
        const api = await lab.api();
        await api.create(resources.pods, { ...pod(name, spec), metadata: { name, namespace: 'default' } } as never);
        await eventually(`event ${reason} ${message}; there are ${await eventsOf(name)}`, async () =>
          (await events(name)).some(event => event.reason === reason && message.test(event.message ?? '')),
        );
        await eventually(`status ${status}`, async () =>
          status.test(JSON.stringify((await api.get(resources.pods, { namespace: 'default', name })).status)),
        );
      });

    test('more Pods than addresses: the last wait, and have their turn', async () => {
      const api = await lab.api();
      // Five of eight: neither the network, nor the gateway, nor the broadcast address; and one is the server's.
      const names = ['p1', 'p2', 'p3', 'p4'];
      await start(
        lab,
        names.map(name => idlePod(name, 'n2')),
      );
      await api.create(resources.pods, {
        ...idlePod('late', 'n2'),
        metadata: { name: 'late', namespace: 'default' },
      } as never);
      await eventually('the event', async () =>
        (await events('late')).some(
          ({ reason, message }) => reason === 'FailedCreatePodSandBox' && /10\.245\.200\.0\/29/.test(message ?? ''),
        ),
      );
      const { status } = await api.get(resources.pods, { namespace: 'default', name: 'late' });
      assert.equal(status?.phase, 'Pending');
      await api.delete(resources.pods, { namespace: 'default', name: 'p1' });
      assert.match((await place(lab, 'late'))[4], /^10\.245\.200\.\d$/);
      // A node without a free address says so by CNI STATUS, and would be NotReady in the stories that follow.
      await api.delete(resources.pods, { namespace: 'default', name: 'late' });
      await eventually('the node has room again', async () => (await lab.podwire('status')).code === 0);
    });
  });

  describe('a second one', () => {
    test('a lab of the same name', async () => {
      const other = new Lab(lab.name);
      const second = await other.podwire('up', ...Lab.OPTIONS, '--api-port', '16444');
      oneLine(second, /PW-L810 a lab 'stories' is there already/);
      // Its `down` would be that of the first: they have one name.
      rmSync(other.directory, { recursive: true });
      assert.equal((await lab.podwire('status')).code, 0);
    });

    test('a lab whose name begins like ours is none of ours', () => {
      const theirs = `${lab.at.netnsPrefix}too-n1`;
      createNamespace(join(NETNS_DIR, theirs));
      try {
        assert.deepEqual(
          findRemains(lab.at).netns.filter(path => path.endsWith(theirs)),
          [],
        );
      } finally {
        removeNamespace(join(NETNS_DIR, theirs));
      }
    });

    test('an agent for the same node', async () => {
      oneLine(await agent(lab.at.node('n1').agentConfig), /PW-N301 another agent \(process \d+\) runs for this node/);
    });
  });

  describe('state on disk that is damaged', () => {
    test("an agent's configuration: what is wrong, by field", async () => {
      const file = JSON.parse(readFileSync(lab.at.node('n1').agentConfig, 'utf8'));
      const table: [content: string, problem: RegExp][] = [
        ['{"node": ', /PW-A202 .*: .*JSON/],
        ['null', /PW-A202 /],
        [JSON.stringify({ ...file, node: '' }), /PW-A202 .*: node is missing/],
        [JSON.stringify({ ...file, profile: 'ring' }), /PW-A202 .*: profile 'ring' is neither routed nor bridge/],
        [JSON.stringify({ ...file, podCidrs: ['10.0.0.0/99'] }), /PW-A202 .*: podCidrs: '10\.0\.0\.0\/99'/],
        [JSON.stringify({ ...file, kubeconfig: '/nowhere' }), /PW-A201 kubeconfig \/nowhere: /],
      ];
      const path = join(lab.directory, 'agent.json');
      for (const [content, problem] of table) {
        writeFileSync(path, content);
        oneLine(await agent(path), problem);
      }
    });

    test("an agent's journal: it does not start, and its Pods go on", async () => {
      const { state, agentProcess, agentLog } = lab.at.node('n1');
      const journal = join(state, 'attachments');
      const good = readFileSync(journal);
      const bad = Buffer.from(good);
      bad.write('#', bad.indexOf('\n') + 3);
      // In one breath: the journal is damaged before the agent's successor reads it.
      process.kill(readLiving(agentProcess)!.pid, 'SIGKILL');
      writeFileSync(journal, bad);
      try {
        await eventually('the agent says why', () =>
          /PW-N302 the attachments journal .* is damaged: line 2 is no record/.test(readFileSync(agentLog, 'utf8')),
        );
        await eventually('status says so, too', async () => (await lab.podwire('status')).code === 1);
        assert.deepEqual(readFileSync(journal), bad);
      } finally {
        writeFileSync(journal, good);
      }
      await eventually('the lab is healthy again', async () => (await lab.podwire('status')).code === 0);
    });

    for (const [what, path, code] of [
      ['the store', () => join(lab.at.state, 'apiserver', 'store.log'), /PW-A252 the store .* is corrupt at byte \d+/],
      ["the lab's settings", () => lab.at.config, /PW-L807 .*lab\.json cannot be used/],
    ] as const)
      test(`${what}: up refuses, and changes nothing`, async () => {
        await killLabd();
        const good = readFileSync(path());
        const bad = Buffer.from(good);
        bad[20]! ^= 0x55;
        writeFileSync(path(), bad);
        try {
          oneLine(await lab.podwire('up'), code);
          assert.deepEqual(readFileSync(path()), bad);
        } finally {
          writeFileSync(path(), good);
        }
        await again();
      });
  });

  test('and all the while, one connection between two Pods noticed nothing', async () => {
    const { requests, failures } = await stream.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 100, `${requests} requests`);
  });

  async function killLabd(): Promise<void> {
    process.kill(readLiving(lab.at.labd)!.pid, 'SIGKILL');
    await eventually('labd is gone', () => !readLiving(lab.at.labd));
  }

  async function again(): Promise<void> {
    const { code, stderr } = await lab.podwire('up');
    assert.equal(code, 0, stderr);
    await eventually('the lab is healthy', async () => (await lab.podwire('status')).code === 0);
  }

  async function events(name: string) {
    const { items } = await (await lab.api()).list(resources.events, {
      namespace: 'default',
      fieldSelector: `involvedObject.name=${name}`,
    });
    return items;
  }

  async function eventsOf(name: string): Promise<string> {
    return (await events(name)).map(({ reason, message }) => `${reason}: ${message}`).join('; ');
  }

  /** The agent by hand, in n1's network; until it ends, or has run for five seconds. */
  function agent(config: string): Promise<Output> {
    const child = withNamespace(lab.at.netns('n1'), () => spawn(process.execPath, [AGENT, config]));
    const timer = setTimeout(() => child.kill(), 5000);
    let text = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', data => (text += data));
    return new Promise(resolve =>
      child.once('close', code => {
        clearTimeout(timer);
        resolve({ code: code ?? -1, stdout: '', stderr: text });
      }),
    );
  }
});

function says(text: string, words: string): void {
  assert.ok(text.includes(words), `${text.trim()}\ndoes not say\n${words}`);
}

/** Code 1, the words, and no stack trace. */
function oneLine({ code, stdout, stderr }: Output, words: RegExp, exit = 1): void {
  assert.equal(code, exit, stdout + stderr);
  assert.match(stderr, words);
  assert.ok(stderr.trim().split('\n').length <= 2, stderr);
}

/** One connection that asks again and again. */
function lasting(netns: string, ip: string) {
  const connection = new Connection(netns, ip, 8080);
  const failures: string[] = [];
  let requests = 0;
  let going = true;
  const loop = (async () => {
    while (going) {
      try {
        await connection.get('/hostname');
        requests++;
      } catch (error) {
        failures.push((error as Error).message);
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  })();
  return {
    async stop() {
      going = false;
      await loop;
      connection.close();
      return { requests, failures };
    },
  };
}
