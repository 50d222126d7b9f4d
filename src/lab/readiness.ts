/** When a lab is ready: every node says so, and DNS answers on each. Asks the same way a user would. */

import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../client/api.js';
import { withNamespace } from '../host/namespace.js';
import { bindUdp } from '../host/sockets.js';
import { Ip } from '../net/ip.js';
import { isTrue } from '../objects/condition-status.js';
import { resources } from '../objects/resources.js';
import { decode, encode, queryMessage, RCODE } from '../wire/dns.js';
import { addresses, type LabConfig, nodeNames } from './config.js';
import type { Places } from './places.js';

/** Milliseconds between two looks. */
const PACE = 10;

/** Returns when all is there; `up` has the patience, not we. */
export async function waitUntilReady(
  api: Api,
  config: LabConfig,
  at: Places,
  step: (text: string) => void,
): Promise<void> {
  const names = nodeNames(config);
  for (;;) {
    const { items } = await api.list(resources.nodes);
    const ready = items.filter(node => isTrue(node, 'Ready'));
    if (ready.length >= names.length) break;
    await sleep(PACE);
  }
  step(`Nodes ${names.join(', ')} ready`);
  const server = addresses(config).dns[0]!;
  await Promise.all(
    names.map(async name => {
      while (!(await answers(at.netns(name), server))) await sleep(PACE);
    }),
  );
  step(`Cluster DNS answers on ${server}`);
}

/** One question from inside the node's namespace, for the name of the API server's Service. */
function answers(netns: string, server: Ip): Promise<boolean> {
  const name = 'kubernetes.default.svc.cluster.local.';
  const query = encode(queryMessage({ name, type: server.family === 4 ? 'A' : 'AAAA' }, 1));
  return new Promise(resolve => {
    const socket = createSocket(server.family === 4 ? 'udp4' : 'udp6');
    const done = (answered: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => done(false), 200);
    socket.on('message', bytes => {
      const reply = decode(bytes);
      done(!('malformed' in reply) && reply.rcode === RCODE.NOERROR && reply.answers.length > 0);
    });
    socket.on('error', () => done(false));
    socket.bind({ fd: withNamespace(netns, () => bindUdp(Ip.of(server.family === 4 ? '0.0.0.0' : '::'), 0)) });
    socket.send(query, 53, server.toString());
  });
}
