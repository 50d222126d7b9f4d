/** How containers are watched over, stopped, and found again by the next kubelet. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { containerProgram } from '../../src/lab/runtime/container.js';
import { launch } from '../../src/lab/runtime/launch.js';
import type { Pod } from '../../src/objects/pod.js';
import { resources } from '../../src/objects/resources.js';
import { forever, isReady, needsRoot, shell, TestNode } from './kubelet-node.js';

const skip = needsRoot;
let node: TestNode;
before(() => {
  if (!skip) node = new TestNode('watch');
});
after(() => node?.destroy());
afterEach(async () => {
  if (!node) return;
  const { items } = await node.api.list(resources.pods, {});
  await Promise.all(items.map(({ metadata }) => node.delete(metadata.name)));
  await Promise.all(items.map(({ metadata }) => node.gone(metadata.name)));
  await node.clean();
});

const status = (pod: Pod, i = 0) => pod.status?.containerStatuses?.[i];
const restarts = (count: number) => (pod: Pod) =>
  status(pod)?.restartCount === count && status(pod)?.state?.running !== undefined;

/** A server of the Pod's own, answering on 8080 once /tmp/up is there. */
const server = (more: object) => ({
  name: 'main',
  image: 'agnhost',
  args: ['netexec'],
  ...more,
});

const probes: readonly (readonly [name: string, probe: object])[] = [
  ['httpGet', { httpGet: { path: '/hostname', port: 'web' } }],
  ['tcpSocket', { tcpSocket: { port: 8080 } }],
  ['exec', { exec: { command: ['curl', '-sf', 'http://127.0.0.1:8080/hostname'] } }],
];
for (const [name, probe] of probes)
  test(`a Pod is ready when its ${name} probe says so, and not before`, { skip }, async () => {
    const ports = [{ name: 'web', containerPort: 8080 }];
    await node.create('probed', { containers: [server({ ports, readinessProbe: { ...probe, periodSeconds: 30 } })] });
    const pod = await node.until('probed', ({ status }) => status?.phase === 'Running');
    assert.equal(isReady(pod), false);
    assert.match(
      pod.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '',
      /containers with unready status: \[main\]/,
    );
    // Long before the first period is over.
    await node.until('probed', isReady, 10);
  });

test('readiness comes and goes with the probe', { skip }, async () => {
  const readinessProbe = { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 1 };
  await node.create('moody', { containers: [shell(`touch /tmp/up; ${forever}`, { readinessProbe })] });
  await node.until('moody', isReady);
  await node.exec('moody', ['rm', '/tmp/up']);
  await node.until('moody', pod => !isReady(pod));
  await node.exec('moody', ['touch', '/tmp/up']);
  await node.until('moody', isReady);
});

test('a container whose liveness probe fails is started again', { skip }, async () => {
  const livenessProbe = {
    exec: { command: ['sh', '-c', 'echo ill; test ! -e /tmp/ill'] },
    periodSeconds: 1,
    failureThreshold: 1,
  };
  await node.create('ill', { containers: [shell(forever, { livenessProbe })] });
  await node.until('ill', isReady);
  await node.exec('ill', ['touch', '/tmp/ill']);
  await node.until('ill', restarts(1));
  const events = (await node.api.list(resources.events, { namespace: 'default' })).items.filter(
    ({ involvedObject }) => involvedObject.name === 'ill',
  );
  const told = (reason: string) => events.find(event => event.reason === reason)?.message;
  assert.equal(told('Unhealthy'), 'Liveness probe failed: ill\n');
  assert.equal(told('Killing'), 'Container main failed liveness probe, will be restarted');
});

test('a slow starter is not asked whether it lives before it has started', { skip }, async () => {
  const failing = { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 1, failureThreshold: 1 };
  await node.create('slow', {
    containers: [
      shell(`sleep 2; touch /tmp/up; ${forever}`, {
        startupProbe: { ...failing, failureThreshold: 10 },
        livenessProbe: failing,
      }),
    ],
  });
  const pod = await node.until('slow', isReady);
  assert.deepEqual([status(pod)?.restartCount, status(pod)?.started], [0, true]);
});

test('hooks run after the start and before the end', { skip }, async () => {
  await node.create('hooked', {
    terminationGracePeriodSeconds: 30,
    containers: [
      shell(forever, {
        lifecycle: {
          postStart: { exec: { command: ['sh', '-c', 'echo hello > /notes/start'] } },
          preStop: { exec: { command: ['sh', '-c', 'echo bye > /notes/stop'] } },
        },
        volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
      }),
    ],
    volumes: [{ name: 'notes', hostPath: { path: `${node.directory}/notes`, type: 'DirectoryOrCreate' } }],
  });
  await node.until('hooked', isReady);
  const { readFileSync } = await import('node:fs');
  const note = (name: string) => readFileSync(`${node.directory}/notes/${name}`, 'utf8');
  assert.equal(note('start'), 'hello\n');
  await node.delete('hooked');
  await node.gone('hooked');
  assert.equal(note('stop'), 'bye\n');
});

test('a Pod that drains is still asked whether it is ready, and not killed for its health', { skip }, async () => {
  const probe = (file: string) => ({ exec: { command: ['test', '-e', file] }, periodSeconds: 1, failureThreshold: 1 });
  await node.create('drains', {
    terminationGracePeriodSeconds: 30,
    containers: [
      shell(`touch /tmp/ready /tmp/alive; trap 'rm /tmp/ready /tmp/alive; sleep 4; exit 7' TERM; ${forever}`, {
        readinessProbe: probe('/tmp/ready'),
        livenessProbe: probe('/tmp/alive'),
      }),
    ],
  });
  await node.until('drains', isReady);
  await node.delete('drains');
  const unready = await node.until('drains', pod => !isReady(pod));
  assert.ok(unready.metadata.deletionTimestamp);
  assert.ok(status(unready)?.state?.running, 'it is unready because it says so, not because it ended');
  const ended = await node.until('drains', pod => status(pod)?.state?.terminated !== undefined);
  assert.equal(status(ended)?.state?.terminated?.exitCode, 7, 'it ended by itself');
  await node.gone('drains');
});

test('a hook that takes all the time leaves some for the signal', { skip }, async () => {
  await node.create('slow-hook', {
    containers: [
      shell(`trap 'touch /notes/heard; exit 0' TERM; ${forever}`, {
        lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } },
        volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
      }),
    ],
    volumes: [{ name: 'notes', hostPath: { path: `${node.directory}/notes`, type: 'DirectoryOrCreate' } }],
  });
  await node.until('slow-hook', isReady);
  await node.delete('slow-hook', 1);
  await node.gone('slow-hook');
  const { existsSync } = await import('node:fs');
  assert.ok(existsSync(`${node.directory}/notes/heard`));
});

test('a container that does not listen is killed after its grace period, or at once when forced', {
  skip,
}, async () => {
  for (const [grace, least, most] of [
    [1, 900, 5000],
    [0, 0, 900],
  ] as const) {
    await node.create('deaf', {
      containers: [{ name: 'main', image: 'bash', command: ['bash', '-c', `trap '' TERM; ${forever}`] }],
    });
    await node.until('deaf', isReady);
    const begun = Date.now();
    await node.delete('deaf', grace);
    await node.gone('deaf');
    await node.clean();
    const took = Date.now() - begun;
    assert.ok(took >= least && took < most, `grace ${grace} s took ${took} ms`);
  }
});

test('the next kubelet finds the Pods that the last one left', { skip }, async () => {
  const containers = [
    shell(`i=0; while :; do echo $((i=i+1)); sleep 0.05; done`, {
      readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
    }),
  ];
  for (const name of ['stays', 'deleted', 'forgotten', 'ends']) await node.create(name, { containers });
  const before = await node.until('stays', isReady);
  for (const name of ['deleted', 'forgotten', 'ends']) await node.until(name, isReady);
  const ending = Number((await node.exec('ends', ['sh', '-c', 'ls -l /proc/1/ns/pid'])).out.match(/pid:\[(\d+)\]/)![1]);

  await node.kubelet.stop();
  const stray = startStray(node, before);
  await node.delete('deleted');
  await node.delete('forgotten', 0);
  killPidNamespace(ending);
  await new Promise(resolve => setTimeout(resolve, 300));
  node.start();

  await Promise.all([node.gone('deleted'), node.gone('forgotten')]);
  const restarted = await node.until('ends', restarts(1));
  assert.deepEqual(
    [status(restarted)?.lastState?.terminated?.exitCode, status(restarted)?.lastState?.terminated?.reason],
    [137, 'ContainerStatusUnknown'],
  );
  const after = await node.until('stays', isReady);
  assert.deepEqual(status(after)?.containerID, status(before)?.containerID);
  assert.equal(status(after)?.restartCount, 0);
  // Not one line is missing in the log, those of the time between included.
  await new Promise(resolve => setTimeout(resolve, 200));
  const lines = (await node.logs('stays')).trim().split('\n').map(Number);
  assert.deepEqual(
    lines,
    lines.map((_, i) => i + 1),
  );
  assert.ok(lines.length > 8);
  assert.equal((await node.exec('stays', ['echo', 'here'])).out, 'here\n');
  assert.equal(await stray, 137, 'a container that no record names is ended');
});

/** A container in the Pod's network, started by a kubelet that died before it could write so down. */
function startStray({ prefix, directory }: TestNode, { metadata }: Pod): Promise<number> {
  const nobody = { user: 0, group: 0, groups: [], capabilities: [], noNewPrivileges: false };
  const netns = `/run/netns/${prefix}-pod-${metadata.uid?.slice(0, 13)}`;
  const plan = {
    ...{
      netns,
      hostname: 'stray',
      scratch: `${directory}/run/scratch`,
      layers: [],
      hidden: new Map(),
      files: new Map(),
      mounts: [],
    },
    ...{ readOnlyRoot: false, privileged: false, identity: nobody, program: 'pause' as const, tty: false },
  };
  return launch('stray', containerProgram(plan), 'new', ['ignore', 'ignore', 'ignore']).exited;
}

/** Ends the process 1 of a container, as if it had ended by itself. */
async function killPidNamespace(inode: number): Promise<void> {
  const { readdirSync, readlinkSync, readFileSync } = await import('node:fs');
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const first = /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (first && readlinkSync(`/proc/${pid}/ns/pid`) === `pid:[${inode}]`) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended while we looked.
    }
  }
}
