/** How a packet's way may end: the closed list, one sentence each. Knows no packet. */

interface Meaning {
  /** Whether the packet got where it was going, as far as the kernels of the machine decide. */
  readonly good: boolean;
  readonly means: string;
}

export const ENDINGS = {
  delivered: { good: true, means: 'a namespace has the destination address, and its processes are handed the packet' },
  sent: { good: true, means: 'it left by a link whose other end is in none of the namespaces looked at' },
  refused: { good: false, means: 'a rule rejected it, and the sender is told by a TCP reset or an ICMP error' },
  dropped: { good: false, means: "a rule's verdict or a chain's policy dropped it, and nobody is told" },
  'no route': { good: false, means: 'no route leads to the destination, and the sender is told' },
  'no source': { good: false, means: 'the namespace has no address that it could send from' },
  blackhole: { good: false, means: 'the route to the destination is a blackhole, and nobody is told' },
  unreachable: { good: false, means: 'the route says unreachable, and the sender is told' },
  prohibited: { good: false, means: 'the route says prohibit, and the sender is told' },
  'neighbour unreachable': {
    good: false,
    means: 'nobody on the link answers for the next hop, or is the tunnel’s end',
  },
  'other host': { good: false, means: 'the frame came to a link that does not have its Ethernet address' },
  'not forwarded': { good: false, means: 'the destination is elsewhere, and forwarding is switched off here' },
  martian: {
    good: false,
    means: 'its source cannot come in by this link: it is local, loopback, or its way back is elsewhere',
  },
  'link down': { good: false, means: 'a link on the way is down' },
  loop: { good: false, means: 'it was passed on until its time to live was over' },
  unasked: { good: false, means: 'an answer came back whose addresses or ports no connection of the client has' },
  'cannot tell': { good: false, means: 'something on the way is not understood; what it is, the trace says' },
} as const satisfies Record<string, Meaning>;

export type Ending = keyof typeof ENDINGS;
