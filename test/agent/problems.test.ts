/** Who says what about whom, when and how often: one agent for all Services, each agent for its own Node, each problem once, and never a flood. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ProblemReporter } from '../../src/agent/problems.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import { Cidr } from '../../src/net/cidr.js';

const node = (name: string, cidr: string, ready?: boolean) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { podCIDRs: [cidr] },
  ...(ready !== undefined && { status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } }),
});
const N1 = node('n1', '10.244.1.0/24');
const N2 = node('n2', '10.244.2.0/24');
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name, uid: `uid-${name}` },
  spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }], ...spec },
});
/** A slice with one endpoint per word: `ready`, `unready`, `serving` (while it terminates), `gone` (terminating). */
const slice = (words: string, ports: readonly object[] = [{ port: 8080 }], of = 'web') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'default', name: `${of}-1`, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  ports,
  endpoints: words
    .split(' ')
    .filter(Boolean)
    .map((word, i) => ({
      addresses: [`10.244.1.${i + 2}`],
      conditions: {
        ready: word === 'ready',
        serving: word === 'ready' || word === 'serving',
        terminating: word === 'serving' || word === 'gone',
      },
      targetRef: { kind: 'Pod', namespace: 'default', name: `${of}-${i}` },
    })),
});
const WRONG = service('web', { clusterIP: '192.0.2.7' });

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
afterEach(() => mock.timers.reset());

class World {
  readonly builder = new ClusterBuilder({ serviceCidrs: [Cidr.of('10.96.0.0/16')], podCidrs: [], externalIPs: [] });
  readonly said: Record<string, string[]> = {};
  readonly texts: string[] = [];
  readonly #reporters: ProblemReporter[];

  constructor(nodes: readonly string[] = ['n1'], sctp = true, synced = true) {
    this.#reporters = nodes.map(name => {
      this.said[name] = [];
      const record = (on: { kind: string; name: string }, _: string, reason: string, message: string) => {
        this.said[name]!.push(`${on.kind} ${on.name} ${reason} ${message.slice(0, 7)}`);
        this.texts.push(message);
      };
      return new ProblemReporter(name, { record, close: async () => {} }, () => sctp);
    });
    if (synced) this.synced();
  }

  synced(): void {
    for (const reporter of this.#reporters) reporter.synced();
  }

  apply(...objects: readonly object[]): this {
    return this.#event('upsert', objects);
  }
  remove(...objects: readonly object[]): this {
    return this.#event('delete', objects);
  }
  #event(type: 'upsert' | 'delete', objects: readonly object[]): this {
    const change = objects.flatMap(object => this.builder.apply({ type, object: object as never }));
    for (const reporter of this.#reporters) reporter.changed(change, this.builder.cluster);
    return this;
  }

  /** So many seconds go by; what n1 said meanwhile, by code. */
  wait(seconds: number): string[] {
    const before = this.texts.length;
    for (let i = 0; i < seconds * 2; i++) mock.timers.tick(500);
    return this.texts.slice(before).map(text => text.slice(0, 7));
  }
}

describe('who speaks', () => {
  it('about a Service: the first node, once, and again only after it was well', () => {
    const at = new World(['n1', 'n2']);
    for (const objects of [[N1, N2, WRONG, slice('ready')], [WRONG], [service('web')], [WRONG]])
      at.apply(...objects).wait(4);
    const line = 'Service web ServiceProblem PW-S401';
    assert.deepEqual(at.said, { n1: [line, line], n2: [] });
  });

  it('about a Service: not a node that is not ready, as nobody may be there to speak', () => {
    const at = new World(['n1', 'n2']);
    at.apply(node('n1', '10.244.1.0/24', false), node('n2', '10.244.2.0/24', true), WRONG, slice('ready')).wait(4);
    assert.deepEqual(at.said, { n1: [], n2: ['Service web ServiceProblem PW-S401'] });
  });

  it('about a Node: itself', () => {
    const at = new World(['n1', 'n2']);
    at.apply(node('n1', '10.244.0.0/16'), N2).wait(4);
    assert.deepEqual(at.said, { n1: [], n2: ['Node n2 NodeNetworkProblem PW-N313'] });
  });

  it('about a policy: the first node', () => {
    const at = new World(['n1', 'n2']);
    const block = { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } };
    at.apply(N1, N2, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'default', name: 'web' },
      spec: { podSelector: {}, ingress: [{ from: [block] }] },
    }).wait(4);
    assert.deepEqual(at.said, { n1: ['NetworkPolicy web PolicyProblem PW-P511'], n2: [] });
  });

  it('about what is mended at once: nobody', () => {
    const at = new World();
    at.apply(node('n1', 'nonsense')).wait(1);
    at.apply(N1).wait(60);
    assert.deepEqual(at.said.n1, []);
  });
});

describe('why a Service does not work', () => {
  const selector = { selector: { tier: 'front', app: 'web' } };
  const named = {
    ...selector,
    ports: [
      { name: 'web', port: 80, targetPort: 'http' },
      { name: 'meter', port: 90 },
    ],
  };
  const both = [
    { name: 'web', port: 8080 },
    { name: 'meter', port: 90 },
  ];
  /** The Service, its slice, and the whole text that is said when both stay so; none when all is well. */
  const rows: readonly (readonly [title: string, spec: object, slice: object | undefined, text?: string])[] = [
    ['it works', selector, slice('ready unready')],
    ['its last Pods drain', selector, slice('serving gone')],
    ['it publishes what is not ready', { ...selector, publishNotReadyAddresses: true }, slice('unready')],
    ['it is a name', { type: 'ExternalName', externalName: 'a.example', clusterIP: '' }, undefined],
    ['it is a headless name that nobody answers to yet', { clusterIP: 'None' }, undefined],
    [
      'no Pod matches',
      selector,
      slice(''),
      'PW-S411 Service default/web has no endpoints: no Pod matches its selector app=web,tier=front; compare it with `kubectl -n default get pods --show-labels`; Pods that have finished do not count',
    ],
    [
      'nobody wrote endpoints',
      {},
      undefined,
      'PW-S412 Service default/web has no endpoints: it has no selector, and nobody wrote an EndpointSlice for it; set spec.selector, or write an EndpointSlice with the label kubernetes.io/service-name: web',
    ],
    [
      'no Pod is ready',
      selector,
      slice('unready gone'),
      'PW-S413 Service default/web does not answer: of its endpoints (2) none is ready; `kubectl -n default describe pod web-0` says what it waits for, or which probe fails',
    ],
    [
      'no Pod has the named port',
      named,
      slice('ready', [{ name: 'meter', port: 90 }]),
      'PW-S414 Service default/web: none of its ready endpoints has a port for TCP/80 (targetPort http); name a containerPort of the Pods so, or write its number as targetPort; in an EndpointSlice the port must have the name of the Service port',
    ],
    [
      'hand-made slices name no port',
      { ports: named.ports },
      slice('ready', [{ port: 8080 }]),
      'PW-S414 Service default/web: none of its ready endpoints has a port for TCP/80 (targetPort http), TCP/90 (meter); name a containerPort of the Pods so, or write its number as targetPort; in an EndpointSlice the port must have the name of the Service port',
    ],
    ['each port is somebody’s', named, slice('ready', both)],
  ];
  for (const [title, spec, endpoints, text] of rows) {
    it(`${title}: ${text?.slice(0, 7) ?? 'nothing is said'}`, () => {
      const at = new World().apply(N1, service('web', spec), ...(endpoints ? [endpoints] : []));
      at.wait(120);
      assert.deepEqual(at.texts, text ? [text] : []);
    });
  }

  it('the kernel has no SCTP', () => {
    const spec = {
      selector: { app: 'web' },
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 9, protocol: 'SCTP' },
      ],
    };
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 9, protocol: 'SCTP' },
    ];
    for (const [sctp, said] of [
      [true, []],
      [false, ['PW-S415']],
    ] as const) {
      const at = new World(['n1'], sctp).apply(N1, service('web', spec), slice('ready', ports));
      assert.deepEqual(at.wait(60), said);
    }
  });
});

describe('when it is said', () => {
  const web = service('web', { selector: { app: 'web' } });

  it('not of a Service that is coming up: no Pods, then Pods, then ready ones', () => {
    const at = new World().apply(N1, web);
    at.wait(3);
    at.apply(slice('')).wait(6);
    at.apply(slice('unready unready')).wait(25);
    at.apply(slice('ready unready'));
    assert.deepEqual(at.wait(300), []);
    assert.deepEqual(at.texts, []);
  });

  it('not before everything was listed once: slices may come long after their Services', () => {
    const at = new World(['n1'], true, false).apply(N1, web);
    assert.deepEqual(at.wait(60), []);
    at.apply(slice('ready')).synced();
    assert.deepEqual(at.wait(60), []);
  });

  it('after 10 s where no Pod matches, 30 s where none is ready', () => {
    const at = new World().apply(N1, web, slice(''));
    assert.deepEqual([at.wait(9), at.wait(3)], [[], ['PW-S411']]);
    at.apply(slice('unready'));
    assert.deepEqual([at.wait(29), at.wait(3)], [[], ['PW-S413']]);
  });

  it('once, however many Pods it is that are not ready', () => {
    const at = new World().apply(N1, web, slice('unready'));
    at.wait(40);
    for (let i = 2; i < 9; i++) at.apply(slice('unready '.repeat(i))).wait(40);
    assert.deepEqual(at.texts.length, 1);
  });

  it('as soon as it has lasted, also of a Service that changes all the time', () => {
    const at = new World().apply(N1, web);
    for (let i = 0; i < 40; i++) at.apply(slice(i % 2 ? 'unready' : 'unready unready')).wait(1);
    assert.deepEqual(
      at.texts.map(text => text.slice(0, 7)),
      ['PW-S413'],
    );
  });

  it('not of a Service that is gone', () => {
    const at = new World().apply(N1, web, slice(''));
    at.wait(5);
    at.remove(web);
    assert.deepEqual(at.wait(60), []);
  });
});

it('a thousand Services that fail at once are not a thousand Events; whoever is mended meanwhile has none at all', () => {
  const all = Array.from({ length: 1000 }, (_, i) => service(`web${i}`, { selector: { app: 'x' }, clusterIP: 'None' }));
  const at = new World().apply(N1, ...all);
  assert.equal(at.wait(15).length, 50);
  const later = at.wait(60).length;
  assert.ok(later >= 40 && later <= 60, `${later} more in a minute`);
  at.apply(...all.map(({ metadata: { name } }) => slice('ready', [{ port: 80 }], name)));
  assert.deepEqual(at.wait(300), []);
});
