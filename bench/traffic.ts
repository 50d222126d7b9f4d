/**
 * Connections, first packets and streams through a place, all on one thread: a packet goes its whole way within the system call that
 * sends it, so that no wake-up of another core is measured, only the path.
 */

import { closeSync } from 'node:fs';
import * as libc from '../src/host/libc.js';
import { withNamespace } from '../src/host/namespace.js';
import { sockaddr } from '../src/host/sockaddr.js';
import { Ip } from '../src/net/ip.js';
import { type Place, PORT } from './places.js';

/** Few enough that conntrack's table, which keeps what has ended for a while, never fills. */
const CONNECTIONS = 1_000;
const FLOWS = 1_000;
const STREAM = 64 << 20;
const PASSES = 25;
/** Until the windows are open. */
const WARM_UP = 8 << 20;
/** Bytes that are under way at once: less than sockets hold, so that nobody waits. */
const BLOCK = 128 << 10;

const accept = libc.bind<[fd: number, address: null, length: null, flags: number]>(
  'int accept4(int fd, uint8_t *address, uint8_t *length, int flags)',
);

// bits/socket.h, netinet/in.h
const SOCK_DGRAM = 2;
const IPPROTO_RAW = 255;
const IPPROTO_UDP = 17;
const SO_LINGER = 13;
/** struct linger: on, no time. A connection then ends by a reset, and leaves no socket behind that waits. */
const AT_ONCE = new Uint8Array(Int32Array.of(1, 0).buffer);

/** One kind of traffic: what `run` gives for one pass, per second. */
export interface Traffic {
  run(): number;
  close(): void;
}

/** TCP connections a second, each made, accepted and reset. */
export function connections({ client, server, to }: Place): Traffic {
  const listening = listen(server);
  const address = sockaddr(to.ip, to.port);
  return {
    run: () =>
      withNamespace(client, () =>
        perSecond(CONNECTIONS, () => {
          for (let i = 0; i < CONNECTIONS; i++) {
            const fd = open(libc.SOCK_STREAM);
            libc.connect(fd, address, address.length);
            const accepted = accept(listening, null, null, libc.SOCK_CLOEXEC);
            libc.setsockopt(fd, libc.SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
            closeSync(fd);
            closeSync(accepted);
          }
        }),
      ),
    close: () => closeSync(listening),
  };
}

/** UDP packets a second, each from another port and so the first of a connection: the path with next to nothing around it. */
export function firstPackets({ client, server, from, to }: Place): Traffic {
  // Nobody reads: what does not fit into the socket ends at its door.
  const sink = bound(server, SOCK_DGRAM);
  const raw = withNamespace(client, () => libc.socket(libc.AF_INET, libc.SOCK_RAW | libc.SOCK_CLOEXEC, IPPROTO_RAW));
  const packet = udpPacket(from, to.ip, to.port);
  const address = sockaddr(to.ip, 0);
  let port = 1024;
  return {
    run: () =>
      perSecond(FLOWS, () => {
        for (let i = 0; i < FLOWS; i++, port++) {
          packet[SOURCE_PORT] = port >> 8;
          packet[SOURCE_PORT + 1] = port & 0xff;
          libc.sendto(raw, packet, packet.length, 0, address, address.length);
        }
      }),
    close: () => [sink, raw].forEach(closeFile),
  };
}

/** Bytes a second of one TCP connection: of each pass another, since what the first packets met decides its windows. */
export function stream({ client, server, to }: Place): Traffic {
  const listening = listen(server);
  const address = sockaddr(to.ip, to.port);
  const [out, into] = [new Uint8Array(BLOCK), new Uint8Array(BLOCK)];
  return {
    run: () => {
      const fd = withNamespace(client, () => open(libc.SOCK_STREAM));
      libc.connect(fd, address, address.length);
      const accepted = accept(listening, null, null, libc.SOCK_CLOEXEC);
      const carry = (bytes: number) => {
        for (let sent = 0; sent < bytes; sent += BLOCK) {
          libc.send(fd, out, BLOCK, 0);
          for (let left = BLOCK; left > 0; ) left -= libc.recv(accepted, into, left, 0);
        }
      };
      carry(WARM_UP);
      const rate = perSecond(STREAM, () => carry(STREAM));
      [fd, accepted].forEach(closeFile);
      return rate;
    },
    close: () => closeSync(listening),
  };
}

/** What each place carries, per second. In turns, so that whatever else the machine does meets all; others' work on it only adds, so the best of the passes counts. */
export function measure(
  make: (place: Place) => Traffic,
  places: Readonly<Record<string, Place>>,
): Record<string, number> {
  const traffic = Object.entries(places).map(([name, place]) => [name, make(place)] as const);
  const best: Record<string, number> = {};
  try {
    for (let pass = 0; pass < PASSES; pass++)
      for (const [name, { run }] of traffic) best[name] = Math.max(best[name] ?? 0, run());
  } finally {
    for (const [, { close }] of traffic) close();
  }
  return best;
}

const closeFile = (fd: number) => closeSync(fd);

/** Per second of CPU, which is one of the clock while nobody waits and nobody else wants the core. */
function perSecond(count: number, work: () => void): number {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (count * 1e6) / (user + system);
}

function open(type: number): number {
  return libc.socket(libc.AF_INET, type | libc.SOCK_CLOEXEC, 0);
}

function bound(netns: string, type: number): number {
  const fd = withNamespace(netns, () => open(type));
  const address = sockaddr(Ip.of('0.0.0.0'), PORT);
  libc.bindSocket(fd, address, address.length);
  return fd;
}

function listen(netns: string): number {
  const fd = bound(netns, libc.SOCK_STREAM);
  libc.listen(fd, 16);
  return fd;
}

const IP_HEADER = 20;
const SOURCE_PORT = IP_HEADER;

/** An empty datagram with its IPv4 header (RFC 791, RFC 768): the kernel fills in length and checksum, UDP's own may be zero. */
function udpPacket(from: Ip, to: Ip, port: number): Uint8Array {
  const packet = new Uint8Array(IP_HEADER + 8);
  packet[0] = 0x45;
  packet[8] = 64;
  packet[9] = IPPROTO_UDP;
  packet.set(from.bytes, 12);
  packet.set(to.bytes, 16);
  packet[IP_HEADER + 2] = port >> 8;
  packet[IP_HEADER + 3] = port & 0xff;
  packet[IP_HEADER + 5] = 8;
  return packet;
}
