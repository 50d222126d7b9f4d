/** What a Pod gets, what it may send, and how it is seen: packets of full size and forged ones, in two labs that differ in everything. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { intBytes, setsockopt } from '../../src/host/libc.js';
import { isNamespace, withNamespace } from '../../src/host/namespace.js';
import { bindUdp, connectTcp, listenTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';
import { resources } from '../../src/objects/resources.js';
import { arpAnnouncement, type Ethernet, routerAdvertisement, Tap, udpFrame } from './frames.js';
import { get } from './http.js';
import { eventually, Lab, skip } from './lab.js';
import { dumpOf, idlePod, kernelOf, MACHINE, type Place, place, serviceOf, start } from './pods.js';
import { askTcp, askUdp, type Stop, serve } from './talk.js';

/** `mtu` as ARCHITECTURE's plan has it: the overlay's headers over IPv4 take 50 bytes. */
const LABS = [
  { profile: 'routed', overlay: 'none', mtu: 1500 },
  { profile: 'bridge', overlay: 'vxlan', mtu: 1450 },
] as const;
const FAMILIES = [4, 6] as const;
const ANY = { 4: '0.0.0.0', 6: '::' };
const NODES = {
  n1: { 4: '172.29.250.11', 6: 'fd00:172:29::b' },
  n2: { 4: '172.29.250.12', 6: 'fd00:172:29::c' },
};
const INTERNET = { 4: '203.0.113.100', 6: '2001:db8::64' };
const PUBLIC = { 4: '203.0.113.11', 6: '2001:db8::b' };
/** In no range of the lab. */
const STRANGER = { 4: '198.51.100.7', 6: '2001:db8:7::7' };

for (const { profile, overlay, mtu } of LABS) {
  describe(`profile ${profile}, overlay ${overlay}`, { skip }, () => {
    const lab = new Lab('stories');
    const stops: Stop[] = [];
    let a: Place;
    let b: Place;
    let c: Place;
    let host: Place;
    /** As whom the other node sees `a`: an overlay carries Pods' addresses to Pods only. */
    let outside: { 4: string; 6: string };
    const services: Record<string, { 4: string; 6: string }> = {};

    before(async () => {
      await lab.up('--nodes', '2', '--profile', profile, '--overlay', overlay);
      const found = await start(lab, [
        idlePod('a', 'n1'),
        idlePod('b', 'n1'),
        idlePod('c', 'n2'),
        idlePod('host', 'n2', { hostNetwork: true }),
        ...['a', 'c', 'host', 'nobody'].map(serviceOf),
      ]);
      ({ a, b, c, host } = found as { a: Place; b: Place; c: Place; host: Place });
      outside = overlay === 'none' ? a : NODES.n1;
      for (const pod of [a, b, c, host]) stops.push(serve(pod.netns, pod.name, 8080));
      stops.push(serve(lab.at.netns('n1'), 'n1', 8080));
      const api = await lab.api();
      for (const { metadata, spec } of (await api.list(resources.services, { namespace: 'default' })).items) {
        const ips = spec!.clusterIPs!;
        services[metadata.name] = { 4: ips.find(ip => !ip.includes(':'))!, 6: ips.find(ip => ip.includes(':'))! };
      }
      // The last of what was applied answers everywhere: from here on nothing is late.
      for (const netns of [a.netns, c.netns, lab.at.netns('n1'), lab.at.netns('n2'), MACHINE])
        for (const family of FAMILIES)
          await eventually('the Services answer', async () => {
            const answers = ['c', 'host', 'a'].map(name => askTcp(netns, services[name]![family], 80));
            return !/silence|ECONN/.test((await Promise.all(answers)).join());
          });
    });
    after(async () => {
      for (const stop of stops) stop();
      await lab.down();
    });

    test('a Pod has one link, with its addresses alone on it, and one way out', () => {
      const objects = kernelOf(a.netns);
      const links = objects.flatMap(object => (object.kind === 'link' ? [object] : []));
      assert.deepEqual(links.map(({ name }) => name).sort(), ['eth0', 'lo']);
      assert.equal(links.find(({ name }) => name === 'eth0')!.mtu, mtu);
      const own = objects.flatMap(object => (object.kind === 'address' && object.link === 'eth0' ? [object] : []));
      assert.deepEqual(
        own
          .map(({ ip, prefix }) => `${ip}/${prefix}`)
          .filter(text => !text.startsWith('fe80:'))
          .sort(),
        [`${a[4]}/32`, `${a[6]}/128`],
      );
      const gateways = profile === 'routed' ? ['169.254.1.1', 'fe80::1'] : [`${gateway(a[4])}`, `${gateway(a[6])}`];
      const ways = objects.flatMap(object =>
        object.kind === 'route' && object.destination.prefix === 0 && object.nexthops?.[0]?.via ? [object] : [],
      );
      assert.deepEqual(
        ways.map(({ nexthops }) => String(nexthops![0]!.via)),
        gateways,
      );
      // Neither ARP nor neighbour discovery is needed or believed.
      for (const ip of gateways)
        assert.ok(
          objects.some(object => object.kind === 'neighbour' && String(object.ip) === ip && object.permanent),
          `a permanent neighbour entry of ${ip}`,
        );
    });

    for (const family of FAMILIES) {
      test(`IPv${family}: 4 MB across nodes, and nothing is fragmented`, async () => {
        const before = fragments(lab);
        assert.equal(await transfer(a.netns, c.netns, c[family], 4 << 20), 4 << 20);
        assert.equal(await transfer(a.netns, b.netns, b[family], 4 << 20), 4 << 20);
        assert.deepEqual(fragments(lab), before);
      });

      test(`IPv${family}: the largest datagram arrives whole; one byte more is refused where it starts`, async () => {
        const largest = mtu - (family === 4 ? 20 : 40) - 8;
        assert.equal(await datagram(a.netns, c.netns, c[family], largest), largest);
        assert.equal(await datagram(a.netns, c.netns, c[family], largest + 1), 'EMSGSIZE');
      });

      test(`IPv${family}: a forged source does not leave the Pod`, async () => {
        const ethernet = wayOut(a);
        const sources: [who: string, source: string][] = [
          ['its neighbour', b[family]],
          ['a Pod of the other node', c[family]],
          ['its own node', NODES.n1[family]],
          ['the other node', NODES.n2[family]],
          ['a Service', services.c![family]],
          ['a stranger', STRANGER[family]],
        ];
        const targets: [what: string, at: Place | string, to: string, ethernet: Ethernet][] = [
          ['its neighbour', b, b[family], ethernet],
          ['the other node’s Pod', c, c[family], ethernet],
          ['the other node', lab.at.netns('n2'), NODES.n2[family], ethernet],
          ['the Internet', lab.at.netns('internet'), INTERNET[family], ethernet],
        ];
        for (const [what, at, to, through] of targets)
          assert.deepEqual(
            await arriving(a, at, [
              ...sources
                .filter(([, source]) => source !== to)
                .map(([who, source]): [string, Buffer] => [`as ${who}`, udpFrame(through, source, to, `<as ${who}>`)]),
              ['as itself', udpFrame(through, a[family], to, '<as itself>')],
            ]),
            ['<as itself>'],
            `from ${a.name} to ${what}`,
          );
        // On the bridge nobody gets past the gateway and the rules there, straight to a neighbour's Ethernet address.
        if (profile === 'bridge') {
          const direct = udpFrame({ ...ethernet, to: macOf(b) }, a[family], b[family], '<direct>');
          const honest = udpFrame(ethernet, a[family], b[family], '<honest>');
          assert.deepEqual(
            await arriving(a, b, [
              ['direct', direct],
              ['honest', honest],
            ]),
            ['<honest>'],
          );
        }
      });

      test(`IPv${family}: another's Ethernet address changes nothing`, async () => {
        const forged = { from: macOf(b), to: wayOut(a).to };
        // Its link-local address gets its local route by itself, once no duplicate was heard of.
        const state = () => [
          dumpOf(b.netns).replace(/^route local fe80::.*\n/gm, ''),
          neighboursOf(lab.at.netns('n1')),
        ];
        const before = state();
        const seen = await arriving(a, b, [
          ['forged', udpFrame(forged, a[family], b[family], '<forged>')],
          ['honest', udpFrame(wayOut(a), a[family], b[family], '<honest>')],
        ]);
        // A routed link is a Pod's alone: there the Ethernet address means nothing. On the bridge it is the key to a port.
        assert.deepEqual(seen, profile === 'bridge' ? ['<honest>'] : ['<forged>', '<honest>']);
        assert.deepEqual(state(), before);
        assert.equal(await askTcp(lab.at.netns('n1'), b[family], 8080), `b ${NODES.n1[family]}`);
      });

      test(`IPv${family}: Pods see Pods and nodes see Pods under their own addresses, the Internet sees the node`, async () => {
        assert.equal(await askTcp(a.netns, c[family], 8080), `c ${a[family]}`);
        assert.equal(await askUdp(a.netns, c[family], 8080), `c ${a[family]}`);
        assert.equal(await askTcp(a.netns, services.c![family], 80), `c ${a[family]}`);
        for (const ask of [askTcp, askUdp]) {
          assert.equal(await ask(a.netns, NODES.n1[family], 8080), `n1 ${a[family]}`);
          assert.equal(await ask(a.netns, NODES.n2[family], 8080), `host ${outside[family]}`);
        }
        assert.match(await get(a.netns, INTERNET[family], 80, '/'), new RegExp(`Internet, ${PUBLIC[family]}\n`));
      });

      test(`IPv${family}: a hostNetwork Pod is its node, also behind a Service`, async () => {
        assert.equal(host[family], NODES.n2[family]);
        assert.equal(await askTcp(a.netns, services.host![family], 80), `host ${outside[family]}`);
        assert.equal(await askUdp(a.netns, services.host![family], 80), `host ${outside[family]}`);
        assert.equal(await askTcp(lab.at.netns('n1'), services.host![family], 80), `host ${NODES.n1[family]}`);
      });

      for (const [protocol, ask] of [
        ['TCP', askTcp],
        ['UDP', askUdp],
      ] as const) {
        test(`IPv${family} ${protocol}: a Service answers from everywhere, also the Pod behind it`, async () => {
          assert.equal(await ask(b.netns, services.c![family], 80), `c ${b[family]}`);
          assert.match(await ask(a.netns, services.a![family], 80), /^a /, 'the Pod behind it');
          for (const netns of [lab.at.netns('n1'), lab.at.netns('n2'), MACHINE])
            assert.match(await ask(netns, services.c![family], 80), /^c /, netns);
        });

        test(`IPv${family} ${protocol}: what no Service has is refused at once`, async () => {
          const nothing: [what: string, ip: string, port: number][] = [
            ['no endpoints', services.nobody![family], 80],
            ['no such port', services.c![family], 81],
            ['no such Service', family === 4 ? '10.97.250.250' : 'fd00:10:97::fafa', 80],
          ];
          const everywhere = [a.netns, c.netns, lab.at.netns('n1'), lab.at.netns('n2'), MACHINE];
          for (const netns of everywhere)
            for (const [what, ip, port] of nothing)
              assert.equal(await ask(netns, ip, port), 'ECONNREFUSED', `${what} ${ip}, from ${netns}`);
        });
      }
    }

    test('a router advertisement of a Pod has no effect, wherever it is sent', async () => {
      const everywhere = () => [b.netns, c.netns, lab.at.netns('n1'), lab.at.netns('n2')].map(dumpOf).map(withoutPeers);
      const before = everywhere();
      const ethernet = { from: macOf(a), to: '33:33:00:00:00:01' };
      const tap = new Tap(a.netns);
      for (const source of [linkLocal(a), a[6], 'fe80::1'])
        tap.send(routerAdvertisement(ethernet, source, '2001:db8:bad::'));
      tap.close();
      // What is honest and sent later has arrived: so had the advertisements, if anything let them pass.
      assert.equal(await askTcp(a.netns, b[6], 8080), `b ${a[6]}`);
      assert.deepEqual(everywhere(), before);
    });

    test("an ARP announcement reaches nobody, another's address or its own", {
      skip: profile === 'routed',
    }, async () => {
      const ethernet = { from: macOf(a), to: 'ff:ff:ff:ff:ff:ff' };
      const announcements = [gateway(b[4]), b[4], NODES.n1[4], a[4]].map((ip): [string, Buffer] => [
        'announced',
        Buffer.concat([arpAnnouncement(ethernet, ip), Buffer.from('<announced>')]),
      ]);
      const honest = udpFrame(wayOut(a), a[4], b[4], '<honest>');
      assert.deepEqual(await arriving(a, b, [...announcements, ['honest', honest]]), ['<honest>']);
    });

    test('a Pod that goes leaves nothing, and its address rests', async () => {
      const api = await lab.api();
      await start(lab, [idlePod('short', 'n1'), serviceOf('short')]);
      const short = await place(lab, 'short');
      const n1 = lab.at.netns('n1');
      const link = linkOf(n1, short);
      const traces = [link, `${short[4]}`, `${short[6]}`];
      for (const trace of traces) assert.ok(mentions(dumpOf(n1), trace), `${trace} is there`);
      assert.ok(mentions(dumpOf(lab.at.netns('n2')), short[4]), 'the other node knows it as an endpoint');
      await api.delete(resources.pods, { namespace: 'default', name: 'short' });
      await eventually('nothing of it is left', () => {
        const left = dumpOf(n1) + dumpOf(lab.at.netns('n2'));
        return !traces.some(trace => mentions(left, trace)) && !isNamespace(short.netns);
      });
      // The link may go before the agent does its part: only then is the address free, and could be given out.
      const journal = join(lab.at.node('n1').state, 'attachments');
      await eventually('the agent lets its addresses go', () => readFileSync(journal, 'utf8').includes('"gone"'));
      const names = ['next-1', 'next-2'];
      const next = await start(
        lab,
        names.map(name => idlePod(name, 'n1')),
      );
      for (const name of names)
        for (const family of FAMILIES) assert.notEqual(next[name]![family], short[family], name);
    });
  });
}

/** The first address of the Pod's /24 or /64. */
function gateway(ip: string): string {
  const text = Ip.of(ip).family === 4 ? ip.replace(/\d+$/, '1') : ip.replace(/:[0-9a-f]+$/, ':1');
  return String(Ip.of(text));
}

function macOf(place: Place): string {
  for (const object of kernelOf(place.netns))
    if (object.kind === 'link' && object.name === 'eth0' && object.mac) return object.mac;
  throw new Error(`${place.name} has no Ethernet address`);
}

/** How the Pod's honest packets leave it. */
function wayOut(place: Place): Ethernet {
  for (const object of kernelOf(place.netns))
    if (object.kind === 'neighbour' && object.permanent && object.link === 'eth0')
      return { from: macOf(place), to: object.mac };
  throw new Error(`${place.name} has no gateway`);
}

function linkLocal(place: Place): string {
  for (const object of kernelOf(place.netns))
    if (object.kind === 'address' && object.link === 'eth0' && String(object.ip).startsWith('fe80:'))
      return String(object.ip);
  return 'fe80::bad';
}

/** The node's end of the Pod's link. */
function linkOf(node: string, pod: Place): string {
  for (const object of kernelOf(node))
    if (object.kind === 'link' && object.alias === `Pod default/${pod.name}`) return object.name;
  throw new Error(`no link of ${pod.name}`);
}

/** As a whole word: 10.245.0.2 is not in 10.245.0.22. */
function mentions(text: string, what: string): boolean {
  return new RegExp(`(^|[^0-9a-z.:])${what.replace(/\./g, '\\.')}($|[^0-9a-z.:])`, 'm').test(text);
}

function neighboursOf(netns: string): string {
  return kernelOf(netns)
    .flatMap(object => (object.kind === 'neighbour' && object.permanent ? [`${object.ip} ${object.mac}`] : []))
    .sort()
    .join('\n');
}

/** Neighbours that the kernel learns and forgets by itself are no effect. */
function withoutPeers(text: string): string {
  return text
    .split('\n')
    .filter(line => !line.includes('neigh'))
    .join('\n');
}

/** Sends the frames from the Pod's link, and gives the `<marks>` that come through, once the last one, an honest one, has. */
async function arriving(from: Place, at: Place | string, frames: readonly [string, Buffer][]): Promise<string[]> {
  const tap = new Tap(typeof at === 'string' ? at : at.netns);
  const sender = new Tap(from.netns);
  const marks: string[] = [];
  try {
    for (const [, frame] of frames) sender.send(frame);
    const last = frames.at(-1)![0];
    await eventually(`the frame ${last}`, () => {
      for (const frame of tap.seen()) {
        const mark = /<[a-z ]+>/.exec(frame.subarray(42).toString('latin1'))?.[0];
        // What the receiver answers (ICMP, port unreachable) quotes what it got.
        if (mark && !marks.includes(mark)) marks.push(mark);
      }
      return marks.includes(`<${last}>`);
    });
    return marks;
  } finally {
    sender.close();
    tap.close();
  }
}

/** Fragments made or refused, on every node and in both families. */
function fragments(lab: Lab): string[] {
  return ['n1', 'n2'].flatMap(node =>
    withNamespace(lab.at.netns(node), () => {
      const v4 = readFileSync('/proc/thread-self/net/snmp', 'utf8').match(/^Ip: .*$/gm)!;
      const names = v4[0]!.split(' ');
      const values = v4[1]!.split(' ');
      const v6 = readFileSync('/proc/thread-self/net/snmp6', 'utf8').match(/^Ip6Frag\w+\s+\d+/gm)!;
      return [...names.flatMap((name, i) => (/Frag/.test(name) ? [`${node} ${name} ${values[i]}`] : [])), ...v6];
    }),
  );
}

/** Bytes that arrived of so many sent. */
function transfer(from: string, at: string, to: string, size: number): Promise<number> {
  const { family } = Ip.of(to);
  const fd = withNamespace(at, () => listenTcp(Ip.of(ANY[family]), 9000));
  return new Promise((resolve, reject) => {
    let received = 0;
    let wrong = false;
    const server = createServer(socket => {
      socket.on('data', chunk => {
        // Each byte is the number of the 64 KiB that it is in, so that what is lost or mixed up is seen.
        for (let i = 0; i < chunk.length; i += 997) wrong ||= chunk[i] !== (((received + i) >> 16) & 255);
        received += chunk.length;
      });
      socket.on('end', () => {
        server.close();
        if (wrong) reject(new Error('other bytes arrived'));
        else resolve(received);
      });
    }).listen({ fd });
    const client = withNamespace(from, () => connectTcp(Ip.of(to), 9000));
    client.on('error', reject);
    client.setTimeout(5000, () => client.destroy(new Error(`no progress after ${received} bytes`)));
    client.end(Buffer.concat(Array.from({ length: size >> 16 }, (_, i) => Buffer.alloc(1 << 16, i & 255))));
  });
}

// linux/in.h, linux/in6.h: do not fragment, and tell me when it does not fit.
const DONT_FRAGMENT = { 4: [0, 10], 6: [41, 23] } as const;
const PMTUDISC_DO = 2;

/** The length that arrives of one datagram of that many bytes, or the sender's error. */
function datagram(from: string, at: string, to: string, length: number): Promise<number | string> {
  const { family } = Ip.of(to);
  const type = `udp${family}` as const;
  const receiver = createSocket(type);
  const sender = createSocket(type);
  return new Promise<number | string>(resolve => {
    setTimeout(() => resolve('silence'), 2000).unref();
    receiver.on('message', data => resolve(data.length));
    receiver.bind({ fd: withNamespace(at, () => bindUdp(Ip.of(ANY[family]), 9000)) });
    const fd = withNamespace(from, () => bindUdp(Ip.of(ANY[family]), 0));
    const [level, option] = DONT_FRAGMENT[family];
    setsockopt(fd, level, option, intBytes(PMTUDISC_DO), 4);
    sender.bind({ fd }, () => {
      sender.send(Buffer.alloc(length), 9000, to, error => {
        if (error) resolve((error as NodeJS.ErrnoException).code ?? error.message);
      });
    });
  }).finally(() => {
    receiver.close();
    sender.close();
  });
}
