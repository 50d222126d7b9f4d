/**
 * Segments that connection tracking has no place for (kubernetes#74839): none of them reaches a client under the Pod's own address,
 * where it would be answered with a reset that ends the connection; and who sees only one way of a connection is not cut off (#94861).
 */

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { withNamespace } from '../../src/host/namespace.js';
import { connectTcp, listenTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';
import { node, service, slice } from '../plan/world.js';
import { type SeenSegment, type Segment, Tap, tcpFrame, tcpSegment } from './frames.js';
import { eventually, skip } from './lab.js';
import { PlannedNode, route } from './plan-node.js';

const SERVER = { 4: '10.244.1.5', 6: 'fd00:10:244:1::5' };
const CLIENT = { 4: '10.244.1.7', 6: 'fd00:10:244:1::7' };
const WEB = { 4: '10.96.1.1', 6: 'fd00:10:96::11' };
const OUTSIDE = { 4: '172.30.0.1', 6: 'fd00:172:30::1' };

describe('segments out of place', { skip }, () => {
  let planned: PlannedNode;
  let client = '';
  let taps: Record<'server' | 'client' | 'outside', Tap>;
  const servers: Server[] = [];

  before(() => {
    planned = new PlannedNode('routed');
    planned.meddle(planned.netns, route('0.0.0.0/0', OUTSIDE[4]), route('::/0', OUTSIDE[6]));
    planned.meddle(
      planned.outside,
      route('10.244.1.0/24', '172.30.0.11'),
      route('fd00:10:244:1::/64', 'fd00:172:30::11'),
    );
    const server = planned.addPod('server', SERVER[4], SERVER[6]);
    client = planned.addPod('client', CLIENT[4], CLIENT[6]);
    planned.apply(
      node(1),
      service('web', [WEB[4], WEB[6]]),
      slice('web-4', 'web', [SERVER[4]]),
      slice('web-6', 'web', [SERVER[6]]),
    );
    for (const ip of ['0.0.0.0', '::'].map(Ip.of)) {
      const fd = withNamespace(server, () => listenTcp(ip, 8080));
      servers.push(createServer(socket => socket.on('error', () => {}).pipe(socket)).listen({ fd }));
    }
    taps = { server: new Tap(server), client: new Tap(client), outside: new Tap(planned.outside) };
  });
  after(() => {
    for (const tap of Object.values(taps ?? {})) tap.close();
    for (const server of servers) server.close();
    planned?.close();
  });

  const segments = (tap: Tap): SeenSegment[] => tap.seen().flatMap(frame => tcpSegment(frame) ?? []);

  /** One round trip through the Service. */
  function echo(socket: Socket, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      socket.once('data', data => resolve(data.toString()));
      socket.once('error', reject);
      socket.write(text);
    });
  }

  /** [what, how it differs from the server's last segment, its text] */
  const STRAYS: readonly [string, (last: Segment) => Partial<Segment>, string?][] = [
    ['old data', ({ sequence }) => ({ sequence: sequence - 1_000_000 }), 'late'],
    ['data far ahead', ({ sequence }) => ({ sequence: sequence + 100_000_000 }), 'early'],
    ['an acknowledgement of what was never sent', ({ acknowledged }) => ({ acknowledged: acknowledged + 100_000_000 })],
    ['an old reset', ({ sequence }) => ({ sequence: sequence - 1_000_000, flags: 'RA' })],
    ['a reset far ahead', ({ sequence }) => ({ sequence: sequence + 100_000_000, flags: 'RA' })],
    ['an old end', ({ sequence }) => ({ sequence: sequence - 1_000_000, flags: 'FA' })],
  ];

  for (const family of [4, 6] as const) {
    for (const [what, differs, text] of STRAYS)
      it(`IPv${family}: ${what} comes from the Service's address, and the connection goes on`, async () => {
        const socket = withNamespace(client, () => connectTcp(Ip.of(WEB[family]), 80));
        try {
          segments(taps.server);
          assert.equal(await echo(socket, 'one'), 'one');
          const last = segments(taps.server)
            .filter(({ source }) => source === SERVER[family])
            .at(-1)!;
          segments(taps.client);
          const stray = { ...last, flags: 'A', ...differs(last) };
          taps.server.send(tcpFrame(last.ethernet, last.source, last.destination, stray, text));
          const arrived = await eventually('it arrives', () => {
            const seen = segments(taps.client).filter(({ destination }) => destination === CLIENT[family]);
            return seen.length > 0 && seen;
          });
          assert.equal(arrived[0]!.sequence, stray.sequence >>> 0);
          assert.deepEqual([...new Set(arrived.map(({ source }) => source))], [WEB[family]]);
          assert.equal(await echo(socket, 'two'), 'two');
        } finally {
          socket.destroy();
        }
      });

    it(`IPv${family}: of a connection whose other way is not through here, everything passes`, async () => {
      const socket = withNamespace(client, () => connectTcp(Ip.of(SERVER[family]), 8080));
      assert.equal(await echo(socket, 'one'), 'one');
      const { ethernet } = segments(taps.server)
        .filter(({ source }) => source === SERVER[family])
        .at(-1)!;
      socket.destroy();
      const segment = { sourcePort: 8080, destinationPort: 4321, sequence: 7000, acknowledged: 9000, flags: 'SA' };
      segments(taps.outside);
      for (const flags of ['SA', 'A', 'FA', 'R'])
        taps.server.send(tcpFrame(ethernet, SERVER[family], OUTSIDE[family], { ...segment, flags }));
      const passed: string[] = [];
      await eventually('all of them arrive', () => {
        const seen = segments(taps.outside).filter(({ destination }) => destination === OUTSIDE[family]);
        passed.push(...seen.map(({ flags }) => flags));
        return passed.length >= 4;
      });
      assert.deepEqual(passed.slice(0, 4), ['SA', 'A', 'FA', 'R']);
    });
  }
});
