/** The tables that must agree of policies: the oracle, the trace of the plan, the trace of what the kernels have, and real packets. */

import type { KubeObject } from '../../src/objects/meta.js';
import { type Machine, trace } from '../../src/trace/trace.js';
import { allowed, leads, PATHS, type PathKind, target } from '../suites/policy/paths.js';
import { type Question, textOf } from '../suites/policy/suite.js';
import type { PolicyWorld } from './policy-world.js';

export interface Compared {
  readonly packets: number;
  readonly dropped: number;
  /** One line for each question that not all answer alike. */
  readonly differences: readonly string[];
}

/** Packets under way at once: those that are dropped take their time. */
const AT_ONCE = 100;

export async function compareTables(
  world: PolicyWorld,
  policies: readonly KubeObject[],
  questions: readonly Question[],
): Promise<Compared> {
  const { cluster, planned } = world.apply(policies);
  const observed = world.read();
  const asked = questions.flatMap(question =>
    PATHS.filter(path => leads(path, question)).map(path => ({ path, question })),
  );
  const differences: string[] = [];
  let dropped = 0;
  for (let i = 0; i < asked.length; i += AT_ONCE) {
    const some = asked.slice(i, i + AT_ONCE);
    const packets = await Promise.all(some.map(({ path, question }) => real(world, path, question)));
    // Not while packets are under way: a tracer at work answers no socket.
    for (const [n, { path, question }] of some.entries()) {
      const answers = {
        intent: allowed(cluster, path, question),
        'trace of the plan': traced(planned, world, path, question),
        'trace of the kernels': traced(observed, world, path, question),
        packet: packets[n]!,
      };
      if (!answers.packet) dropped++;
      if (new Set(Object.values(answers)).size > 1)
        differences.push(`${textOf(question)} ${path}: ${JSON.stringify(answers)}`);
    }
  }
  return { packets: asked.length, dropped, differences };
}

function traced(machine: Machine, world: PolicyWorld, path: PathKind, question: Question): boolean {
  const { ip, port } = target(path, question);
  const protocol = question.protocol === 'TCP' ? 'tcp' : 'udp';
  const netns = world.netns(question.from);
  const ways = trace(machine, { netns, protocol, destination: ip, destinationPort: port });
  return ways.every(({ ending }) => ending === 'delivered');
}

function real(world: PolicyWorld, path: PathKind, question: Question): Promise<boolean> {
  const { ip, port } = target(path, question);
  return world.passes(question.from, ip, question.protocol as 'TCP' | 'UDP', port);
}
