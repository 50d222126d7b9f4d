/** Ethernet frames by hand, sent and seen at a Pod's link: what no honest socket would send. */

import { closeSync } from 'node:fs';
import { ioctl } from '../../src/host/ioctl.js';
import { bindSocket, MSG_DONTWAIT, recv, SOCK_CLOEXEC, SOCK_RAW, send, socket } from '../../src/host/libc.js';
import { withNamespace } from '../../src/host/namespace.js';
import { Ip } from '../../src/net/ip.js';
import { formatMac, type Mac, parseMac } from '../../src/net/mac.js';

// linux/if_packet.h, linux/if_ether.h, linux/sockios.h
const AF_PACKET = 17;
const ETH_P_ALL = 3;
const SIOCGIFINDEX = 0x8933;

/** A packet socket on one link of a namespace: sends whole frames, and sees all that pass. */
export class Tap {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(65536);

  constructor(netns: string, link = 'eth0') {
    this.#fd = withNamespace(netns, () => open(link));
  }

  send(frame: Uint8Array): void {
    send(this.#fd, frame, frame.length, 0);
  }

  /** The frames that passed since the last look, in both directions. */
  seen(): Buffer[] {
    const frames: Buffer[] = [];
    for (;;) {
      const length = recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT);
      if (length < 0) return frames;
      frames.push(Buffer.from(this.#buffer.subarray(0, length)));
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function open(link: string): number {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  const request = Buffer.alloc(40);
  request.write(link);
  ioctl(fd, SIOCGIFINDEX, request);
  // struct sockaddr_ll: family (host order), protocol (network order), interface index (host order).
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(request.readInt32LE(16), 4);
  bindSocket(fd, address, address.length);
  return fd;
}

export interface Ethernet {
  readonly from: Mac;
  readonly to: Mac;
}

/** A UDP datagram from port 4000 to port 9, with that text in it. */
export function udpFrame(ethernet: Ethernet, source: string, destination: string, text: string): Buffer {
  const udp = Buffer.concat([Buffer.alloc(8), Buffer.from(text)]);
  udp.writeUInt16BE(4000, 0);
  udp.writeUInt16BE(9, 2);
  udp.writeUInt16BE(udp.length, 4);
  return frame(ethernet, Ip.of(source), Ip.of(destination), 17, udp, 6);
}

/** What a TCP segment says (RFC 9293 §3.1); `flags` by their letters: S, A, F, R, P. */
export interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly flags: string;
}

export function tcpFrame(ethernet: Ethernet, source: string, destination: string, segment: Segment, text = ''): Buffer {
  const tcp = Buffer.concat([Buffer.alloc(20), Buffer.from(text)]);
  tcp.writeUInt16BE(segment.sourcePort, 0);
  tcp.writeUInt16BE(segment.destinationPort, 2);
  tcp.writeUInt32BE(segment.sequence >>> 0, 4);
  tcp.writeUInt32BE(segment.acknowledged >>> 0, 8);
  tcp.writeUInt8(0x50, 12);
  for (const letter of segment.flags) tcp[13]! |= 1 << 'FSRPA'.indexOf(letter);
  tcp.writeUInt16BE(65_535, 14);
  return frame(ethernet, Ip.of(source), Ip.of(destination), 6, tcp, 16);
}

export interface SeenSegment extends Segment {
  readonly ethernet: Ethernet;
  readonly source: string;
  readonly destination: string;
}

/** The frame's TCP segment, if that is what it carries. */
export function tcpSegment(frame: Buffer): SeenSegment | undefined {
  const type = frame.readUInt16BE(12);
  const family = type === 0x0800 ? 4 : type === 0x86dd ? 6 : undefined;
  if (!family || frame[family === 4 ? 23 : 20] !== 6) return undefined;
  const [from, size, tcp] = family === 4 ? [26, 4, 34] : [22, 16, 54];
  const flags = [...'FSRPA'].filter((_, bit) => frame[tcp + 13]! & (1 << bit)).join('');
  return {
    ethernet: { to: formatMac(frame.subarray(0, 6)), from: formatMac(frame.subarray(6, 12)) },
    source: String(new Ip(frame.subarray(from, from + size))),
    destination: String(new Ip(frame.subarray(from + size, from + 2 * size))),
    sourcePort: frame.readUInt16BE(tcp),
    destinationPort: frame.readUInt16BE(tcp + 2),
    sequence: frame.readUInt32BE(tcp + 4),
    acknowledged: frame.readUInt32BE(tcp + 8),
    flags,
  };
}

/** A router advertisement (RFC 4861 §4.2) that offers itself as default router and a prefix to make addresses from. */
export function routerAdvertisement(ethernet: Ethernet, source: string, prefix: string): Buffer {
  const header = Buffer.from([134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0]);
  // Prefix information (§4.6.2): /64, on-link and autonomous, valid for an hour.
  const option = Buffer.concat([
    Buffer.from([3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0]),
    Ip.of(prefix).bytes,
  ]);
  return frame(ethernet, Ip.of(source), Ip.of('ff02::1'), 58, Buffer.concat([header, option]), 2, 255);
}

/** An ARP announcement (RFC 826): "`ip` is at `mac`", to everybody. */
export function arpAnnouncement(ethernet: Ethernet, ip: string): Buffer {
  const sender = Buffer.concat([mac(ethernet.from), Ip.of(ip).bytes]);
  return Buffer.concat([
    mac(ethernet.to),
    mac(ethernet.from),
    Buffer.from([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2]),
    sender,
    mac(ethernet.to),
    Ip.of(ip).bytes,
  ]);
}

/** `checksumAt`: where in the payload its checksum stands, over the payload and the pseudo header. */
function frame(
  ethernet: Ethernet,
  source: Ip,
  destination: Ip,
  protocol: number,
  payload: Buffer,
  checksumAt: number,
  hops = 64,
): Buffer {
  const ends = Buffer.concat([source.bytes, destination.bytes]);
  const pseudo = Buffer.from([0, 0, payload.length >> 8, payload.length & 255, 0, protocol]);
  payload.writeUInt16BE(0, checksumAt);
  payload.writeUInt16BE(checksum(Buffer.concat([ends, pseudo, payload])), checksumAt);
  const head = source.family === 4 ? Buffer.alloc(12) : Buffer.alloc(8);
  if (source.family === 4) {
    head.writeUInt8(0x45, 0);
    head.writeUInt16BE(20 + payload.length, 2);
    head.writeUInt8(hops, 8);
    head.writeUInt8(protocol, 9);
    head.writeUInt16BE(checksum(Buffer.concat([head, ends])), 10);
  } else {
    head.writeUInt8(0x60, 0);
    head.writeUInt16BE(payload.length, 4);
    head.writeUInt8(protocol, 6);
    head.writeUInt8(hops, 7);
  }
  const type = Buffer.from(source.family === 4 ? [0x08, 0x00] : [0x86, 0xdd]);
  return Buffer.concat([mac(ethernet.to), mac(ethernet.from), type, head, ends, payload]);
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function mac(text: Mac): Uint8Array {
  const bytes = parseMac(text);
  if (!bytes) throw new Error(`no Ethernet address: ${text}`);
  return bytes;
}
