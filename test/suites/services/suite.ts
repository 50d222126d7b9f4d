/** The Services suite: every case, over both families and protocols, asked of a backend: an oracle, a trace, or real packets. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Protocol } from '../../../src/net/flow.js';
import type { Family, Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { CASES, type Expected } from './cases.js';
import { objectsOf } from './objects.js';
import { type Addresses, PLACES, type PlaceName } from './places.js';

export interface Question {
  readonly from: PlaceName;
  readonly to: Ip;
  readonly port: number;
  readonly protocol: Protocol;
}

/** What became of packets, all the ways that they can go. */
export type Outcome =
  | {
      readonly endpoints: ReadonlySet<PlaceName>;
      /** Whether all of them see the client's own address. */
      readonly kept: boolean;
      /** Whether the same client always comes to the same one; undefined: cannot be told here. */
      readonly same?: boolean;
    }
  | 'refused'
  | 'dropped'
  | 'elsewhere';

export interface Wanted {
  /** How many endpoints. */
  readonly endpoints: number;
  /** That the client comes to one of them only. */
  readonly same: boolean;
}

export interface Backend {
  readonly addresses: Addresses;
  /** From now on the cluster has these Services, slices and no others of the suite. */
  apply(objects: readonly KubeObject[]): Promise<void> | void;
  /** `wanted`: what is expected, for those who can only find out by trying. */
  ask(question: Question, wanted: Wanted): Promise<Outcome> | Outcome;
  /** Whether `kept` in an outcome is a promise, so that a promise too many is wrong, too. */
  readonly promises?: boolean;
  /** What this backend cannot tell, by the reason. */
  readonly skip?: (question: Question, expected: Expected) => string | undefined;
}

export function servicesSuite(name: string, backend: Backend): void {
  describe(`Services: ${name}`, () => {
    for (const { title, service, packets } of CASES) {
      describe(title, () => {
        it('is taken', () => backend.apply(objectsOf(service, backend.addresses)));
        for (const [from, front, expected] of packets)
          for (const family of [4, 6] as const)
            for (const protocol of ['TCP', 'UDP'] as const)
              it(`IPv${family} ${protocol}: ${from} → ${front}: ${expected}`, async context => {
                const question = { from, protocol, ...target(front, family, backend.addresses) };
                const reason = backend.skip?.(question, expected);
                if (reason) return context.skip(reason);
                const wanted = { endpoints: endpointsOf(expected).length, same: expected.split(' ').includes('same') };
                compare(await backend.ask(question, wanted), expected, backend.promises ?? false);
              });
      });
    }
  });
}

function target(front: string, family: Family, at: Addresses): { readonly to: Ip; readonly port: number } {
  const [, place = '', number = '', port = ''] = /^([a-zA-Z]+?)(\d*):(\d+)$/.exec(front) ?? [];
  if (place === 'clusterIP') return { to: at.clusterIP(1, family), port: Number(port) };
  if (place === 'balancer' || place === 'external')
    return { to: at.balancerIP(Number(number), family), port: Number(port) };
  return { to: at.place(`${place}${number}` as PlaceName, family), port: Number(port) };
}

function endpointsOf(expected: Expected): PlaceName[] {
  return expected.split(' ').filter((word): word is PlaceName => word in PLACES);
}

function compare(outcome: Outcome, expected: Expected, promises: boolean): void {
  const wanted = endpointsOf(expected);
  if (typeof outcome === 'string' || wanted.length === 0) {
    // Whoever answers elsewhere may refuse or say nothing; only an oracle knows whether it was the Service.
    if (expected === 'elsewhere' && !promises && typeof outcome === 'string') return;
    return assert.equal(describeOutcome(outcome), expected);
  }
  const words = expected.split(' ');
  const isOneOf = words.includes('same') && !promises;
  if (isOneOf) for (const name of outcome.endpoints) assert.ok(wanted.includes(name), `${name} is none of ${wanted}`);
  else assert.deepEqual([...outcome.endpoints].sort(), wanted.sort());
  if (promises || words.includes('kept'))
    assert.equal(outcome.kept, words.includes('kept'), 'whether the source address is kept');
  if (outcome.same !== undefined)
    assert.equal(outcome.same, words.includes('same'), 'whether the same client comes to the same endpoint');
}

function describeOutcome(outcome: Outcome): string {
  return typeof outcome === 'string' ? outcome : [...outcome.endpoints].join(' ');
}
