/** The table asked of a backend, over both families: a trace, or real packets. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { CASES, type PlaceName } from './cases.js';
import { target } from './cluster.js';

export interface Question {
  readonly from: PlaceName;
  readonly to: Ip;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

export interface Backend {
  /** From now on there are these policies and no others. */
  apply(policies: readonly KubeObject[]): void;
  ask(question: Question): Promise<'passes' | 'dropped'> | 'passes' | 'dropped';
}

export function policySuite(name: string, backend: Backend): void {
  describe(`policies: ${name}`, () => {
    for (const { title, policies, passes = [], dropped = [] } of CASES)
      for (const family of [4, 6] as const)
        it(`IPv${family}: ${title}`, async () => {
          backend.apply(policies);
          const questions = [
            ...passes.map(([from, ...to]) => ({ from, to, expected: 'passes' })),
            ...dropped.map(([from, ...to]) => ({ from, to, expected: 'dropped' })),
          ].flatMap(({ from, to, expected }) => to.map(text => ({ from, text, expected })));
          const answers = await Promise.all(
            questions.map(async ({ from, text }) => {
              const [end = '', protocol = 'TCP'] = text.split('/');
              const question = { from, protocol: protocol as 'TCP' | 'UDP', ...target(end, family) };
              return `${from} → ${text} ${await backend.ask(question)}`;
            }),
          );
          assert.deepEqual(
            answers,
            questions.map(({ from, text, expected }) => `${from} → ${text} ${expected}`),
          );
        });
  });
}
