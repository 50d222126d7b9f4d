/** Pods as real processes in real namespaces: what a user of kubectl sees of their life, and that nothing is left of them. */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Pod } from '../../src/objects/pod.js';
import { resources } from '../../src/objects/resources.js';
import { condition, forever, isReady, needsRoot, shell, TestNode } from './kubelet-node.js';

const skip = needsRoot;
let node: TestNode;
before(() => {
  if (!skip) node = new TestNode('pods');
});
after(() => node?.destroy());

// Every story ends with its Pods deleted, and with nothing of them on the machine.
afterEach(async () => {
  if (!node) return;
  const { items } = await node.api.list(resources.pods, {});
  await Promise.all(items.map(({ metadata }) => node.delete(metadata.name)));
  await Promise.all(items.map(({ metadata }) => node.gone(metadata.name)));
  await node.clean();
});

const phase = (wanted: string) => (pod: Pod) => pod.status?.phase === wanted;
const state = (pod: Pod, i = 0) => pod.status?.containerStatuses?.[i]?.state;

test('a Pod runs, says what it is told, and answers to commands', { skip }, async () => {
  await node.create('hello', { containers: [shell(`echo hello from $(hostname); ${forever}`)] });
  const pod = await node.until('hello', isReady);
  assert.equal(pod.status?.phase, 'Running');
  assert.match(pod.status?.podIP ?? '', /^10\.99\.\d+\.1$/);
  assert.deepEqual(pod.status?.hostIPs, [{ ip: '172.31.0.11' }]);
  assert.equal(pod.status?.qosClass, 'BestEffort');
  for (const type of ['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'ContainersReady'])
    assert.equal(condition(pod, type), 'True', type);
  assert.equal(await node.logged('hello', /\n/), 'hello from hello\n');
  assert.deepEqual(await node.exec('hello', ['sh', '-c', 'id -u; exit 3']), { out: '0\n', err: '', code: 3 });
});

test('the CNI plugin is called as a container runtime calls it', { skip }, async () => {
  const before = node.cniCalls().length;
  const { metadata } = await node.create('net', { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.9' }] });
  await node.until('net', isReady);
  await node.delete('net');
  await node.gone('net');
  const [add, del] = node
    .cniCalls()
    .slice(before)
    .map(call => /^(\S+) (\S+) (.*)$/.exec(call)!);
  assert.deepEqual([add?.[1], del?.[1]], ['ADD', 'DEL']);
  assert.match(add![2]!, /^[0-9a-f]{64}$/);
  assert.equal(add![2], del![2]);
  assert.deepEqual(JSON.parse(add![3]!), { cniVersion: '1.1.0', name: 'test', type: 'test' });
  const { prevResult, ...config } = JSON.parse(del![3]!);
  assert.deepEqual(config, { cniVersion: '1.1.0', name: 'test', type: 'test' });
  assert.match(prevResult.ips[0].address, /^10\.99\./);
  assert.ok(metadata.uid);
});

test('a container sees its own root, host name, processes and devices', { skip }, async () => {
  await node.create('root', { containers: [shell(forever)] });
  await node.until('root', isReady);
  const script = [
    'echo $$ $(hostname) $(cat /etc/hostname)',
    'ls /tmp /run | xargs',
    'echo x > /tmp/file && echo y > /usr/new && cat /usr/new',
    'echo one > /dev/stdout; echo two > /dev/stderr; echo three > /dev/null; [ -c /dev/urandom ] && echo device',
    'mount -t tmpfs none /mnt 2>/dev/null || echo no mounting',
    '{ echo 1 > /proc/sys/kernel/panic; } 2>/dev/null || echo no sysctl',
    'ps ax | grep -c "[l]abd"',
  ];
  const { out, err } = await node.exec('root', ['sh', '-c', script.join('\n')]);
  assert.deepEqual(out.replace(/^\d+ /, 'PID ').trim().split('\n'), [
    'PID root root',
    '/run: /tmp:',
    'y',
    'one',
    'device',
    'no mounting',
    'no sysctl',
    '0',
  ]);
  assert.equal(err, 'two\n');
});

test('names are resolved by the cluster', { skip }, async () => {
  await node.create('names', {
    hostname: 'web-0',
    subdomain: 'web',
    hostAliases: [{ ip: '10.0.0.9', hostnames: ['ninth', 'neuf'] }],
    containers: [shell(forever)],
  });
  const pod = await node.until('names', isReady);
  const { out } = await node.exec('names', ['sh', '-c', 'hostname; cat /etc/resolv.conf; tail -2 /etc/hosts']);
  assert.match(
    out,
    /^web-0\nsearch default\.svc\.cluster\.local svc\.cluster\.local cluster\.local.*\nnameserver 10\.96\.0\.10\noptions ndots:5\n/,
  );
  assert.ok(
    out.endsWith(`${pod.status?.podIP}\tweb-0.web.default.svc.cluster.local\tweb-0\n10.0.0.9\tninth\tneuf\n`),
    out,
  );
});

test('the environment and the volumes come from objects, and volumes follow their changes', { skip }, async () => {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config', namespace: 'default' },
    data: { color: 'blue', 'app.ini': 'a=1\n' },
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'secret', namespace: 'default' },
    data: { password: Buffer.from('s3cret').toString('base64') },
  };
  await node.api.create(resources.configmaps, config as never);
  await node.api.create(resources.secrets, secret as never);
  await node.create(
    'objects',
    {
      containers: [
        shell(forever, {
          args: [],
          env: [
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'config', key: 'color' } } },
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'secret', key: 'password' } } },
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'BOTH', value: '$(POD) is $(COLOR), $(NOBODY), $$(POD)' },
          ],
          volumeMounts: [
            { name: 'config', mountPath: '/config' },
            { name: 'config', mountPath: '/etc/app.ini', subPath: 'app.ini' },
            { name: 'secret', mountPath: '/secret', readOnly: true },
            { name: 'labels', mountPath: '/labels' },
            { name: 'scratch', mountPath: '/scratch' },
            { name: 'memory', mountPath: '/memory' },
          ],
        }),
        shell(`echo from the other > /shared/file; ${forever}`, {
          name: 'other',
          volumeMounts: [{ name: 'scratch', mountPath: '/shared' }],
        }),
      ],
      volumes: [
        { name: 'config', configMap: { name: 'config' } },
        { name: 'secret', secret: { secretName: 'secret', defaultMode: 0o400 } },
        { name: 'labels', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        { name: 'scratch', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
    },
    { labels: { app: 'objects' } },
  );
  const pod = await node.until('objects', isReady);
  const run = async (script: string) => (await node.exec('objects', ['sh', '-c', script], { container: 'main' })).out;
  assert.equal(
    await run('echo $COLOR $PASSWORD $POD $IP; echo $BOTH'),
    `blue s3cret objects ${pod.status?.podIP}\nobjects is blue, $(NOBODY), $(POD)\n`,
  );
  assert.equal(
    await run('cat /config/color /etc/app.ini /secret/password /labels/labels'),
    'bluea=1\ns3cretapp="objects"',
  );
  assert.equal(await run('stat -L -c %a /secret/password; echo x > /secret/x || echo read-only'), '400\nread-only\n');
  assert.equal(
    await run(
      'until [ -e /scratch/file ]; do sleep 0.01; done; cat /scratch/file; df -P /memory | tail -1 | cut -d" " -f1',
    ),
    'from the other\ntmpfs\n',
  );
  await node.api.patch(
    resources.configmaps,
    { namespace: 'default', name: 'config' },
    { type: 'merge', body: { data: { color: 'green' } } },
  );
  assert.equal(
    await run(
      'until [ "$(cat /config/color)" = green ]; do sleep 0.01; done; cat /config/app.ini; ls -A /config | grep -c ^..2',
    ),
    'a=1\n1\n',
  );
});

test('init containers run one after the other, a sidecar beside the rest', { skip }, async () => {
  const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
  const note = (word: string) => `echo ${word} >> /shared/order`;
  await node.create('order', {
    initContainers: [
      shell(note('first'), { name: 'first', ...mount }),
      shell(`${note('sidecar')}; ${forever}`, {
        name: 'sidecar',
        restartPolicy: 'Always',
        ...mount,
        startupProbe: { exec: { command: ['grep', 'sidecar', '/shared/order'] }, periodSeconds: 1 },
      }),
      shell(note('second'), { name: 'second', ...mount }),
    ],
    containers: [shell(`${note('main')}; cat /shared/order`, mount)],
    restartPolicy: 'Never',
    volumes: [{ name: 'shared', emptyDir: {} }],
  });
  const pod = await node.until('order', phase('Succeeded'));
  assert.equal(await node.logs('order'), 'first\nsidecar\nsecond\nmain\n');
  const [first, sidecar] = pod.status?.initContainerStatuses ?? [];
  assert.equal(first?.state?.terminated?.reason, 'Completed');
  await node.until('order', ({ status }) => status?.initContainerStatuses?.[1]?.state?.terminated !== undefined);
  assert.equal(sidecar?.name, 'sidecar');
});

test('a container that fails comes back, ever more slowly', { skip }, async () => {
  await node.create('crash', {
    containers: [shell('echo try; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  const pod = await node.until(
    'crash',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
  );
  const status = pod.status?.containerStatuses?.[0];
  assert.equal(status?.restartCount, 1);
  assert.match(
    status?.state?.waiting?.message ?? '',
    /^back-off 10s restarting failed container=main pod=crash_default\(/,
  );
  assert.deepEqual([status?.lastState?.terminated?.exitCode, status?.lastState?.terminated?.message], [7, 'try\n']);
  assert.equal(pod.status?.phase, 'Running');
  assert.equal(await node.logs('crash', { previous: true }), 'try\n');
});

const endings: readonly (readonly [policy: string, exit: string, phase: string, reason: string, code: number])[] = [
  ['Never', 'exit 0', 'Succeeded', 'Completed', 0],
  ['Never', 'exit 4', 'Failed', 'Error', 4],
  ['OnFailure', 'exit 0', 'Succeeded', 'Completed', 0],
  ['Never', 'kill -9 $$; sleep 5', 'Running', '', 0],
  ['Never', 'exec nosuch', 'Failed', 'Error', 127],
];
for (const [i, [restartPolicy, script, wanted, reason, code]] of endings.entries())
  test(`with restartPolicy ${restartPolicy}, \`${script}\` ends as ${wanted}`, { skip }, async () => {
    await node.create(`end-${i}`, { restartPolicy, containers: [shell(script)] });
    const pod = await node.until(`end-${i}`, phase(wanted));
    if (wanted === 'Running') return;
    assert.deepEqual([state(pod)?.terminated?.reason, state(pod)?.terminated?.exitCode], [reason, code]);
    assert.equal(isReady(pod), false);
  });

const refusals: readonly (readonly [name: string, container: object, reason: string, message: RegExp])[] = [
  [
    'an unknown image',
    { image: 'example.com/nothing:1' },
    'ErrImagePull',
    /not in the lab's catalogue; it has agnhost, alpine/,
  ],
  [
    'a missing ConfigMap',
    { image: 'bash', envFrom: [{ configMapRef: { name: 'nothing' } }] },
    'CreateContainerConfigError',
    /^configmap "nothing" not found$/,
  ],
  [
    'root where root is forbidden',
    { image: 'bash', securityContext: { runAsNonRoot: true } },
    'CreateContainerConfigError',
    /runAsNonRoot and image will run as root/,
  ],
];
for (const [i, [name, container, reason, message]] of refusals.entries())
  test(`${name} is told, and a neighbour does not notice`, { skip }, async () => {
    await node.create(`bad-${i}`, {
      containers: [{ name: 'main', ...container }, shell(forever, { name: 'neighbour' })],
    });
    const pod = await node.until(`bad-${i}`, ({ status }) =>
      Boolean(status?.containerStatuses?.[0]?.state?.waiting?.message && status.containerStatuses[1]?.ready),
    );
    assert.equal(state(pod)?.waiting?.reason, reason);
    assert.match(state(pod)?.waiting?.message ?? '', message);
  });

test('a program that is not there is told in the words of runc', { skip }, async () => {
  await node.create('missing', {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'bash', command: ['nosuch'] }],
  });
  const pod = await node.until('missing', phase('Failed'));
  assert.equal(state(pod)?.terminated?.reason, 'StartError');
  assert.match(state(pod)?.terminated?.message ?? '', /exec: "nosuch": executable file not found in \$PATH$/);
});

test('users, groups and a read-only root are honoured', { skip }, async () => {
  await node.create('user', {
    securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000 },
    containers: [
      shell(forever, {
        securityContext: {
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
          allowPrivilegeEscalation: false,
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  });
  await node.until('user', isReady);
  const { out } = await node.exec('user', [
    'sh',
    '-c',
    'id -u; id -g; id -G; touch /x 2>/dev/null || echo read-only; touch /data/x && stat -c %g /data/x; grep -E "CapEff|NoNewPrivs" /proc/self/status',
  ]);
  assert.deepEqual(out.trim().split('\n'), [
    '1000',
    '2000',
    '2000 3000',
    'read-only',
    '3000',
    'CapEff:\t0000000000000000',
    'NoNewPrivs:\t1',
  ]);
});

test('a Pod without a network waits for it, and says why', { skip }, async () => {
  const { rmSync, writeFileSync } = await import('node:fs');
  writeFileSync(`${node.directory}/broken`, '');
  await node.create('patient', { containers: [{ name: 'main', image: 'pause' }] });
  const events = async () =>
    (await node.api.list(resources.events, { namespace: 'default' })).items.filter(
      event => event.reason === 'FailedCreatePodSandBox',
    );
  const give = Date.now() + 10_000;
  while ((await events()).length === 0 && Date.now() < give) await new Promise(resolve => setTimeout(resolve, 20));
  assert.match((await events())[0]?.message ?? '', /no address is free/);
  rmSync(`${node.directory}/broken`);
  await node.until('patient', isReady);
});

test('a Pod on the host network has the node’s addresses', { skip }, async () => {
  await node.create('host', { hostNetwork: true, containers: [shell(forever)] });
  const pod = await node.until('host', isReady);
  assert.equal(pod.status?.podIP, '172.31.0.11');
  assert.equal((await node.exec('host', ['hostname'])).out, 'pods\n');
});

test('a Pod whose time is up has failed', { skip }, async () => {
  await node.create('late', { activeDeadlineSeconds: 1, containers: [shell(forever)] });
  const pod = await node.until('late', phase('Failed'));
  assert.equal(pod.status?.reason, 'DeadlineExceeded');
});
