/** What a container is started with: command, environment, names, capabilities, image. Tables without a machine. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findImage, ImageError, imageName, type Machine } from '../../src/lab/images/catalogue.js';
import { afterEnd, afterRefusal, NO_BACKOFF, nextStart } from '../../src/lab/kubelet/backoff.js';
import { keptCapabilities } from '../../src/lab/kubelet/capabilities.js';
import { commandOf, identityOf } from '../../src/lab/kubelet/container-plan.js';
import { environment } from '../../src/lab/kubelet/environment.js';
import { expand } from '../../src/lab/kubelet/expand.js';
import { hostsFile } from '../../src/lab/kubelet/name-files.js';
import { notHonoured } from '../../src/lab/kubelet/not-honoured.js';
import { serviceVariables } from '../../src/lab/kubelet/service-variables.js';
import type { Container } from '../../src/objects/container.js';
import type { Service } from '../../src/objects/service.js';
import { pod } from './pods.js';

describe('$(NAME) is expanded', () => {
  const table: readonly (readonly [text: string, wanted: string])[] = [
    ['plain', 'plain'],
    ['$(A)', 'one'],
    ['$(A)-$(B)', 'one-two'],
    ['$(C)', '$(C)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$A $ $(', '$A $ $('],
    ['$()', '$()'],
  ];
  const values: Readonly<Record<string, string>> = { A: 'one', B: 'two' };
  for (const [text, wanted] of table)
    it(`${text} → ${wanted}`, () =>
      assert.equal(
        expand(text, name => values[name]),
        wanted,
      ));
});

describe('command and args replace ENTRYPOINT and CMD', () => {
  const image = { entrypoint: ['/entry'], command: ['default'] };
  const table: readonly (readonly [spec: Pick<Container, 'command' | 'args'>, wanted: string])[] = [
    [{}, '/entry default'],
    [{ args: ['x'] }, '/entry x'],
    [{ command: ['/mine'] }, '/mine'],
    [{ command: ['/mine'], args: ['$(A)'] }, '/mine one'],
    [{ command: [], args: [] }, '/entry default'],
  ];
  for (const [spec, wanted] of table)
    it(JSON.stringify(spec), () => assert.equal(commandOf(spec, image, new Map([['A', 'one']])).join(' '), wanted));
});

describe('the environment', () => {
  const objects = {
    configMap: (name: string) => (name === 'config' ? ({ data: { a: '1', B: '2' } } as never) : undefined),
    secret: (name: string) => (name === 'secret' ? ({ data: { key: 'dg==' } } as never) : undefined),
  };
  const placement = { podIPs: ['10.244.1.2', 'fd00::2'], hostIPs: ['172.30.0.11'], allocatable: { memory: '2Gi' } };
  const of = (spec: object, services = new Map<string, string>()) => {
    const container = { name: 'main', image: 'bash', resources: { limits: { cpu: '1500m' } }, ...spec } as Container;
    return Object.fromEntries(environment(pod({}, { labels: { app: 'x' } }), container, services, objects, placement));
  };
  const from = (valueFrom: object) => ({ env: [{ name: 'X', valueFrom }] });
  const table: readonly (readonly [spec: object, wanted: object])[] = [
    [
      {
        env: [
          { name: 'X', value: 'a' },
          { name: 'Y', value: '$(X)b$(Z)' },
          { name: 'Z', value: 'late' },
        ],
      },
      { X: 'a', Y: 'ab$(Z)', Z: 'late' },
    ],
    [{ envFrom: [{ prefix: 'P_', configMapRef: { name: 'config' } }] }, { P_a: '1', P_B: '2' }],
    [
      { envFrom: [{ configMapRef: { name: 'config' } }], env: [{ name: 'B', value: 'mine' }] },
      { a: '1', B: 'mine' },
    ],
    [{ envFrom: [{ secretRef: { name: 'nothing', optional: true } }] }, {}],
    [from({ secretKeyRef: { name: 'secret', key: 'key' } }), { X: 'v' }],
    [from({ configMapKeyRef: { name: 'config', key: 'none', optional: true } }), {}],
    [from({ fieldRef: { fieldPath: 'status.podIPs' } }), { X: '10.244.1.2,fd00::2' }],
    [from({ fieldRef: { fieldPath: "metadata.labels['app']" } }), { X: 'x' }],
    [from({ resourceFieldRef: { resource: 'limits.cpu' } }), { X: '2' }],
    [from({ resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } }), { X: '1500' }],
    [from({ resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } }), { X: '2048' }],
    [from({ resourceFieldRef: { resource: 'requests.memory' } }), { X: '0' }],
  ];
  for (const [spec, wanted] of table) it(JSON.stringify(spec), () => assert.deepEqual(of(spec), wanted));

  const refused: readonly (readonly [spec: object, message: RegExp])[] = [
    [{ envFrom: [{ configMapRef: { name: 'nothing' } }] }, /^configmap "nothing" not found$/],
    [from({ secretKeyRef: { name: 'nothing', key: 'k' } }), /^secret "nothing" not found$/],
    [from({ configMapKeyRef: { name: 'config', key: 'none' } }), /^couldn't find key none in ConfigMap shop\/config$/],
    [from({ fieldRef: { fieldPath: 'status.phase' } }), /^unsupported fieldPath: status.phase$/],
  ];
  for (const [spec, message] of refused)
    it(`${JSON.stringify(spec)} is refused`, () => assert.throws(() => of(spec), { name: 'ConfigError', message }));

  it('names Services, and never hides what the Pod says itself', () => {
    const service = (namespace: string, name: string, spec: object) =>
      ({ metadata: { namespace, name }, spec }) as unknown as Service;
    const services = [
      service('default', 'kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }),
      service('shop', 'my-store', { clusterIP: 'fd00::1', ports: [{ port: 53, protocol: 'UDP' }] }),
      service('shop', 'headless', { clusterIP: 'None', ports: [{ port: 1 }] }),
      service('other', 'far', { clusterIP: '10.96.0.2', ports: [{ port: 1 }] }),
    ];
    const names = serviceVariables(services, 'shop', true);
    assert.deepEqual(Object.fromEntries([...names].filter(([name]) => name.startsWith('MY_STORE'))), {
      MY_STORE_SERVICE_HOST: 'fd00::1',
      MY_STORE_SERVICE_PORT: '53',
      MY_STORE_PORT: 'udp://[fd00::1]:53',
      MY_STORE_PORT_53_UDP: 'udp://[fd00::1]:53',
      MY_STORE_PORT_53_UDP_PROTO: 'udp',
      MY_STORE_PORT_53_UDP_PORT: '53',
      MY_STORE_PORT_53_UDP_ADDR: 'fd00::1',
    });
    assert.deepEqual(
      [...names.keys()].filter(name => /^(HEADLESS|FAR)/.test(name)),
      [],
    );
    assert.deepEqual(
      [...serviceVariables(services, 'shop', false).keys()].every(name => name.startsWith('KUBERNETES')),
      true,
    );
    assert.equal(of({ env: [{ name: 'MY_STORE_PORT', value: 'mine' }] }, names).MY_STORE_PORT, 'mine');
  });
});

it('/etc/hosts has the Pod under its names', () => {
  const text = hostsFile(pod({ hostname: 'web-0', subdomain: 'web' }), ['10.244.1.2', 'fd00::2'], 'cluster.local');
  assert.match(text, /^10\.244\.1\.2\tweb-0\.web\.shop\.svc\.cluster\.local\tweb-0\nfd00::2\tweb-0\.web/m);
});

describe('capabilities', () => {
  const [CHOWN, NET_ADMIN, NET_RAW] = [0, 12, 13];
  const table: readonly (readonly [
    name: string,
    kept: readonly number[],
    has: readonly number[],
    lacks: readonly number[],
  ])[] = [
    ['by default', keptCapabilities(false), [CHOWN, NET_RAW], [NET_ADMIN]],
    ['privileged', keptCapabilities(true), [CHOWN, NET_RAW, NET_ADMIN], []],
    ['added', keptCapabilities(false, { add: ['NET_ADMIN'] }), [CHOWN, NET_ADMIN], []],
    ['dropped', keptCapabilities(false, { drop: ['cap_net_raw'] }), [CHOWN], [NET_RAW]],
    [
      'all dropped, one added',
      keptCapabilities(false, { drop: ['ALL'], add: ['NET_RAW'] }),
      [NET_RAW],
      [CHOWN, NET_ADMIN],
    ],
    [
      'all added, one dropped',
      keptCapabilities(false, { add: ['ALL'], drop: ['NET_RAW'] }),
      [CHOWN, NET_ADMIN],
      [NET_RAW],
    ],
  ];
  for (const [name, kept, has, lacks] of table)
    it(name, () =>
      assert.deepEqual([has.filter(n => !kept.includes(n)), lacks.filter(n => kept.includes(n))], [[], []]),
    );

  it('the container’s user goes before the Pod’s', () => {
    const spec = (securityContext: object) => ({ name: 'main', image: 'bash', securityContext }) as Container;
    const shared = pod({ securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } });
    const { user, group, groups } = identityOf(shared, spec({ runAsUser: 9 }));
    assert.deepEqual({ user, group, groups }, { user: 9, group: 2, groups: [4, 3] });
    assert.throws(
      () => identityOf(pod({ securityContext: { runAsNonRoot: true } }), spec({})),
      /image will run as root/,
    );
  });
});

describe('images', () => {
  const machine: Machine = {
    program: name => (name === 'nginx' ? undefined : `/usr/bin/${name}`),
    node: '/opt/node/bin/node',
    programs: '/opt/podwire/images',
    busybox: () => '/run/busybox',
  };
  const names: readonly (readonly [reference: string, wanted: string])[] = [
    ['pause', 'pause'],
    ['registry.k8s.io/pause:3.9', 'pause'],
    ['registry.k8s.io/e2e-test-images/agnhost:2.45', 'agnhost'],
    ['localhost:5000/nginx', 'nginx'],
    ['docker.io/library/busybox@sha256:abc', 'busybox'],
    ['curlimages/curl:8', 'curl'],
  ];
  for (const [reference, wanted] of names)
    it(`${reference} is ${wanted}`, () => assert.equal(imageName(reference), wanted));

  it('a program of ours is shown where every user may enter', () => {
    const { provided, command } = findImage('node:20', machine);
    assert.deepEqual([provided, command], [[{ from: '/opt/node/bin/node', to: '/usr/local/bin/node' }], ['node']]);
  });
  it('an unknown image is told with all that are known', () => {
    assert.throws(
      () => findImage('redis:7', machine),
      (error: Error) => error instanceof ImageError && /"redis:7".*agnhost, alpine, bash/.test(error.message),
    );
  });
  it('a missing program is told with the way to get it', () => {
    assert.throws(
      () => findImage('nginx', machine),
      /needs the program nginx on this machine: install it with `apt-get install nginx`/,
    );
  });
});

describe('the wait before a restart', () => {
  it('is nothing, then 10 s, doubled up to 5 min', () => {
    const delays: number[] = [];
    let backoff = NO_BACKOFF;
    for (let now = 1000, i = 0; i < 8; i++, now = nextStart(backoff) + 1) {
      backoff = afterEnd(backoff, now, now + 1);
      delays.push(backoff.delay / 1000);
    }
    assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
  });
  it('is forgotten after 10 min of running', () => {
    const backoff = afterEnd({ delay: 160_000, since: 1 }, 1000, 1000 + 600_000);
    assert.equal(backoff.delay, 0);
    assert.equal(afterEnd(backoff, 700_000, 700_001).delay, 10_000);
  });
  it('is at least 10 s when nothing ran at all', () => {
    assert.deepEqual(
      [afterRefusal(NO_BACKOFF, 1).delay, afterRefusal({ delay: 10_000, since: 1 }, 2).delay],
      [10_000, 20_000],
    );
  });
});

describe('what the lab does not give is told', () => {
  const table: readonly (readonly [spec: object, told: string])[] = [
    [{}, ''],
    [{ hostPID: true, shareProcessNamespace: false }, 'hostPID'],
    [{ containers: [{ name: 'main', readinessProbe: { grpc: { port: 1 } } }] }, 'grpc probes'],
  ];
  for (const [spec, told] of table)
    it(JSON.stringify(spec), () =>
      assert.equal(
        notHonoured(pod(spec))
          .map(text => text.split(':')[0])
          .join(),
        told,
      ),
    );
});
