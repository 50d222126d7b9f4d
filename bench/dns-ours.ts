/** Our DNS server in a process of its own, as the agent runs it, with the same cluster as the peers. Says what it took, then serves. */

import { createSocket } from 'node:dgram';
import { udpHost } from '../src/agent/dns-udp.js';
import { ClusterZone } from '../src/dns/cluster-zone.js';
import { ClusterBuilder } from '../src/model/builder.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import { startDns } from '../src/serve/dns.js';
import { decode, encode, queryMessage } from '../src/wire/dns.js';
import { ENDPOINTS, HEADLESS, headlessObject, SERVICES, serviceObject, sliceObject } from './dns-data.js';

export interface Ready {
  readonly names: number;
  /** Milliseconds of CPU to read the whole cluster, and MiB that it keeps. */
  readonly build: number;
  readonly memory: number;
  /** Milliseconds from an endpoint's event to the first answer with it, median and worst. */
  readonly change: number;
  readonly worst: number;
}

const CHANGES = 200;
const LOCAL = Ip.of('127.0.0.1');

async function main(port: number): Promise<void> {
  const ranges = ['10.96.0.0/16', '10.128.0.0/9'].map(Cidr.of);
  const builder = new ClusterBuilder({ serviceCidrs: ranges });
  const upsert = (object: ReturnType<typeof serviceObject>) => builder.apply({ type: 'upsert', object });
  for (let i = 0; i < SERVICES; i++) upsert(serviceObject(i));
  for (let i = 0; i < HEADLESS; i++) {
    upsert(headlessObject(i));
    upsert(sliceObject(i));
  }
  const zone = new ClusterZone({ domain: 'cluster.local.', addresses: [Ip.of('10.96.0.10')], ranges });
  const server = await startDns({ listen: [{ ip: LOCAL, port }], zone, host: udpHost, upstreams: [] });
  const before = memory();
  const begun = process.cpuUsage();
  for (const service of builder.cluster.services.values()) zone.set(service);
  zone.synced = true;
  const { user, system } = process.cpuUsage(begun);
  const [build, kept] = [(user + system) / 1000, memory() - before];
  const times: number[] = [];
  for (let i = 0; i < CHANGES; i++) times.push(await change(i));
  times.sort((a, b) => a - b);
  const ready: Ready = {
    names: zone.table.size,
    build,
    memory: kept,
    change: times[CHANGES >> 1]!,
    worst: times.at(-1)!,
  };
  process.send!(ready);
  process.on('disconnect', () => void server.close().then(() => process.exit()));

  /** Asks until the new endpoint's own name has an answer. */
  async function change(i: number): Promise<number> {
    const service = (i * 7) % HEADLESS;
    const key = `ns-${service % 100}/headless-${service}`;
    const start = performance.now();
    builder.apply({ type: 'upsert', object: sliceObject(service, { endpoint: i % ENDPOINTS, generation: 1 }) });
    zone.set(builder.cluster.services.get(key)!);
    const ip = `10-129-${(service * ENDPOINTS + (i % ENDPOINTS)) >> 8}-${(service * ENDPOINTS + (i % ENDPOINTS)) & 255}`;
    const name = `${ip}.headless-${service}.ns-${service % 100}.svc.cluster.local.`;
    while (!(await exists(name, port)));
    return performance.now() - start;
  }
}

function exists(name: string, port: number): Promise<boolean> {
  const query = encode(queryMessage({ name, type: 'A' }, 1));
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.once('message', bytes => {
      const reply = decode(bytes);
      socket.close();
      resolve(!('malformed' in reply) && reply.answers.length > 0);
    });
    socket.send(query, port, '127.0.0.1');
  });
}

/** MiB in use, garbage collected where node was started so. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / (1 << 20);
}

await main(Number(process.argv[2]));
