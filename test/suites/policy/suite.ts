/** The policy suite: every case over every pair of places, port and family, asked of a backend: an oracle, a trace, or real packets. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Protocol } from '../../../src/net/flow.js';
import type { Family } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { CASES, type Case } from './cases.js';
import { nodeOf, OUTSIDE, PLACES } from './world.js';

export interface Question {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly family: Family;
}

export interface Backend {
  /** From now on the cluster of `world.ts` has these policies and no others. */
  apply(policies: readonly KubeObject[]): Promise<void> | void;
  /** Whether such a connection passes. */
  passes(question: Question): Promise<boolean> | boolean;
  /** Of all questions of a case those that this backend can afford; left out: all. */
  readonly choose?: (questions: readonly Question[]) => readonly Question[];
}

const PORTS = [
  ['TCP', 80],
  ['TCP', 81],
  ['UDP', 80],
] as const;

/** Between Pods, and between Pods and nodes or the outside. */
export const QUESTIONS: readonly Question[] = PLACES.flatMap(from =>
  PLACES.filter(to => from.includes('/') || to.includes('/')).flatMap(to =>
    PORTS.flatMap(([protocol, port]) => ([4, 6] as const).map(family => ({ from, to, protocol, port, family }))),
  ),
);

export function policySuite(name: string, backend: Backend): void {
  describe(`policies: ${name}`, () => {
    for (const one of CASES)
      it(one.title, async () => {
        await backend.apply(policiesOf(one));
        const wrong: string[] = [];
        for (const question of backend.choose?.(QUESTIONS) ?? QUESTIONS) {
          const expected = isExpected(one, question);
          if ((await backend.passes(question)) !== expected)
            wrong.push(`${textOf(question)} should ${expected ? 'pass' : 'be blocked'}`);
        }
        assert.deepEqual(wrong, []);
      });
  });
}

export function policiesOf({ policies }: Case): KubeObject[] {
  return parseAllDocuments(policies).flatMap(document => {
    const object = document.toJS() as KubeObject | null;
    return object ? { ...object, kind: object.kind ?? 'NetworkPolicy' } : [];
  });
}

export function textOf({ from, to, protocol, port, family }: Question): string {
  return `IPv${family} ${from} → ${to} ${protocol} ${port}`;
}

/** A Pod reaches itself whatever the policies say, its own node reaches it, and it its node unless the case says otherwise. */
export function isExpected({ blocked }: Case, { from, to, protocol, port }: Question): boolean {
  if (from === to) return true;
  const isOwnNode = nodeOf(from) !== undefined && nodeOf(from) === nodeOf(to);
  if (isOwnNode && !from.includes('/')) return true;
  if (isOwnNode && !to.includes('/') && !blocked.includes('own node')) return true;
  return !blocked.some(pattern => {
    const [, source = '', destination = '', which = ''] = /^(\S+) → (\S+) (.+)$/.exec(pattern) ?? [];
    return fits(source, from) && fits(destination, to) && (which === '*' || which === `${protocol} ${port}`);
  });
}

/** See `blocked` of a Case. */
function fits(pattern: string, place: string): boolean {
  if (pattern.startsWith('!')) return !fits(pattern.slice(1), place);
  if (pattern === '*') return true;
  if (!pattern.includes('/') || place === OUTSIDE || !place.includes('/')) return pattern === place;
  const [namespace, name] = pattern.split('/');
  const [ofNamespace, ofName] = place.split('/');
  return (namespace === '*' || namespace === ofNamespace) && (name === '*' || name === ofName);
}
