/** The Services suite with real packets: a lab of three nodes, real agents, sockets in every place. */

import { after, before, describe } from 'node:test';
import type { Api } from '../../src/client/api.js';
import { applyManifests } from '../../src/client/apply.js';
import { openKernel } from '../../src/host/kernel-port.js';
import { readMachine } from '../../src/host/machine.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { type Machine, trace } from '../../src/trace/trace.js';
import { type Addresses, PLACES, type PlaceName, SERVER_PORT } from '../suites/services/places.js';
import { type Backend, type Outcome, type Question, servicesSuite, type Wanted } from '../suites/services/suite.js';
import { outcomeOf } from '../suites/services/traced.js';
import { eventually, Lab, skip } from './lab.js';
import { idlePod, type Place, start } from './pods.js';
import { askTcp, askUdp, type Stop, serve } from './talk.js';

/** Milliseconds: a refusal comes at once, so what is silent so long was dropped. */
const SILENCE = 300;
const PATIENCE = 2000;
/** That of three equal chances one is missed so often is less likely than 10^-9. */
const MOST_TRIES = 60;
/** So often in any case: an endpoint too many is found, or affinity is lost. */
const LEAST_TRIES = 8;

class RealPackets {
  readonly lab = new Lab('services');
  readonly #servers: Stop[] = [];
  #pods: Record<string, Place> = {};
  #round = 0;

  async up(...options: string[]): Promise<void> {
    await this.lab.up('--external-ip-cidrs', '192.0.2.128/25,2001:db8:1::8000/113', ...options);
    const pods = (Object.keys(PLACES) as PlaceName[]).filter(name => PLACES[name].kind === 'Pod');
    this.#pods = await start(
      this.lab,
      pods.map(name => idlePod(name, PLACES[name].node)),
    );
    for (const name of [...pods, 'host'] as const) this.#servers.push(serve(this.#netns(name), name, SERVER_PORT));
    // Who announces a LoadBalancer's address is another story: here the gateway is told that it is at n1.
    change(this.lab.at.netns('gateway'), [
      route('192.0.2.0/24', this.addresses.place('n1', 4)),
      route('2001:db8:1::/64', this.addresses.place('n1', 6)),
    ]);
    // Linux sends few ICMP errors per second to one destination, and hundreds of questions are refused here.
    for (const node of ['n1', 'n2', 'n3'])
      change(this.lab.at.netns(node), [
        { kind: 'sysctl', name: 'net/ipv4/icmp_ratelimit', value: '0' },
        { kind: 'sysctl', name: 'net/ipv6/icmp/ratelimit', value: '0' },
      ]);
  }

  async down(): Promise<void> {
    for (const stop of this.#servers) stop();
    await this.lab.down();
  }

  readonly addresses: Addresses = {
    place: (name, family) => {
      const pod = this.#pods[name];
      if (pod) return Ip.of(pod[family]);
      if (name === 'outside') return Ip.of(family === 4 ? '203.0.113.100' : '2001:db8::64');
      const host = 10 + Number(PLACES[name].node.slice(1));
      return Ip.of(family === 4 ? `172.29.250.${host}` : `fd00:172:29::${host.toString(16)}`);
    },
    clusterIP: (n, family) => Ip.of(family === 4 ? `10.97.200.${n}` : `fd00:10:97::c80${n}`),
    balancerIP: (n, family) =>
      Ip.of(family === 4 ? `192.0.2.${n}` : `2001:db8:1::${(n < 128 ? n : 0x8000 + n).toString(16)}`),
  };

  /** Replaces the Service, and waits until every node has heard of all that was written: a marker comes last. */
  async apply(objects: readonly KubeObject[]): Promise<void> {
    const api = await this.lab.api();
    await this.#forget(api);
    await applyManifests(api, objects, () => {});
    await writeStatus(api, objects[0]!);
    const port = 1000 + ++this.#round;
    await applyManifests(api, marker(port), () => {});
    const key = `10.97.200.200 . 6 . ${port}`;
    for (const node of ['n1', 'n2', 'n3']) {
      const kernel = openKernel(this.lab.at.netns(node));
      try {
        await eventually(`${node} has heard of round ${this.#round}`, () =>
          [...kernel.read(['slots']).keys()].some(text => text.endsWith(key)),
        );
      } finally {
        kernel.close();
      }
    }
  }

  async ask({ from, to, port, protocol }: Question, { endpoints, same }: Wanted): Promise<Outcome> {
    const patience = endpoints ? PATIENCE : SILENCE;
    const question = () =>
      protocol === 'TCP'
        ? askTcp(this.#netns(from), String(to), port, patience)
        : askUdp(this.#netns(from), String(to), port, undefined, patience);
    const own = String(this.addresses.place(from, to.family));
    const found = new Set<PlaceName>();
    let kept = true;
    for (let i = 0; i < LEAST_TRIES || (!same && found.size < endpoints && i < MOST_TRIES); i++) {
      const [name = '', source = ''] = (await question()).split(' ');
      if (name === 'ECONNREFUSED') return 'refused';
      if (!(name in PLACES)) return name === 'silence' ? 'dropped' : 'elsewhere';
      found.add(name as PlaceName);
      kept &&= source.replace('::ffff:', '') === own;
    }
    return { endpoints: found, kept, ...(same && { same: found.size === 1 }) };
  }

  /** The same questions, asked of what is read back from all namespaces. */
  traced(): Backend {
    let machine: Machine;
    return {
      addresses: this.addresses,
      apply: async objects => {
        await this.apply(objects);
        machine = readMachine(this.lab.namespaces());
      },
      ask: ({ from, to, port, protocol }) => {
        const netns = this.#netns(from);
        const kind = protocol === 'TCP' ? 'tcp' : 'udp';
        const traces = trace(machine, { netns, protocol: kind, destination: to, destinationPort: port });
        return outcomeOf(traces, this.addresses.place(from, to.family), this.addresses);
      },
    };
  }

  async #forget(api: Api): Promise<void> {
    const at = { namespace: 'default' };
    for (const name of ['web-4', 'web-6']) await api.delete(resources.endpointslices, { ...at, name }).catch(() => {});
    await api.delete(resources.services, { ...at, name: 'web' }).catch(() => {});
  }

  #netns(name: PlaceName): string {
    const { kind, node } = PLACES[name];
    return kind === 'Pod' ? this.#pods[name]!.netns : this.lab.at.netns(kind === 'node' ? node : 'internet');
  }
}

/** The status is a subresource, which no apply writes. */
async function writeStatus(api: Api, service: KubeObject): Promise<void> {
  if (!service.status) return;
  const { namespace, name } = service.metadata;
  const body = { status: service.status };
  await api.patch(resources.services, { namespace, name }, { type: 'merge', subresource: 'status', body });
}

/** A Service and a slice of it that nothing else waits for; their port is the round's. */
function marker(port: number): KubeObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'marker', namespace: 'default' },
      spec: { clusterIP: '10.97.200.200', ports: [{ port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'marker', namespace: 'default', labels: { 'kubernetes.io/service-name': 'marker' } },
      addressType: 'IPv4',
      ports: [{ name: '', port }],
      endpoints: [{ addresses: ['10.245.255.1'] }],
    },
  ];
}

function change(netns: string, objects: readonly KernelObject[]): void {
  const kernel = openKernel(netns);
  try {
    const [failure] = kernel.apply(objects.map(object => ({ verb: 'replace', object })));
    if (failure) throw new Error(failure.message);
  } finally {
    kernel.close();
  }
}

function route(destination: string, via: Ip): KernelObject {
  return {
    kind: 'route',
    destination: Cidr.of(destination),
    table: 254,
    type: 'unicast',
    nexthops: [{ via, link: 'eth0' }],
    protocol: 4,
  };
}

for (const options of [[], ['--profile', 'bridge', '--overlay', 'vxlan']]) {
  describe(`a lab ${options.join(' ') || 'as it comes'}`, { skip }, () => {
    const packets = new RealPackets();
    before(() => packets.up(...options));
    after(() => packets.down());
    servicesSuite('real packets', packets);
    servicesSuite('the tracer, of the state that the kernels have', packets.traced());
  });
}
