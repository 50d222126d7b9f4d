/** A reflector against every kind of bad day that an API server can have. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api } from '../../src/client/api.js';
import { reflect } from '../../src/client/reflector.js';
import { resources } from '../../src/objects/resources.js';
import { type Answer, play } from './script.js';

const node = (name: string, resourceVersion: string, uid = name) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid, resourceVersion },
});
const list = (resourceVersion: string, ...items: unknown[]): Answer => ({
  json: { metadata: { resourceVersion }, items },
});
const watch = (last: 'end' | 'hang' | 'break', ...events: (readonly [string, unknown])[]): Answer => ({
  lines: events.map(([type, object]) => ({ type, object })),
  finally: last,
});
const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };

interface Story {
  readonly name: string;
  readonly steps: readonly (readonly [string, Answer])[];
  /** `+name@version`, `-name` and `synced`, in order. */
  readonly changes: string;
}

const LIST = 'GET /api/v1/nodes?limit';
const from = (version: string) => `GET /api/v1/nodes?watch=1&allowWatchBookmarks=true&resourceVersion=${version}&`;

const STORIES: readonly Story[] = [
  {
    name: 'lists, then watches from there',
    steps: [
      [LIST, list('5', node('n1', '3'))],
      [
        from('5'),
        watch('hang', ['ADDED', node('n2', '6')], ['MODIFIED', node('n1', '7')], ['DELETED', node('n2', '8')]),
      ],
    ],
    changes: '+n1@3 synced +n2@6 +n1@7 -n2',
  },
  {
    name: 'a watch that ended goes on from the last event or bookmark',
    steps: [
      [LIST, list('5')],
      [from('5'), watch('end', ['ADDED', node('n1', '6')])],
      [from('6'), watch('end', ['BOOKMARK', node('', '30')])],
      [from('30'), watch('hang')],
    ],
    changes: 'synced +n1@6',
  },
  {
    name: 'a connection that broke goes on too, and an event told twice is told once',
    steps: [
      [LIST, list('5')],
      [from('5'), watch('break', ['ADDED', node('n1', '6')])],
      [from('6'), watch('hang', ['ADDED', node('n1', '6')], ['MODIFIED', node('n1', '7')])],
    ],
    changes: 'synced +n1@6 +n1@7',
  },
  {
    name: '410 as an event: lists again, and says only what differs',
    steps: [
      [LIST, list('5', node('n1', '1'), node('n2', '2'))],
      [from('5'), watch('end', ['ERROR', expired])],
      [LIST, list('9', node('n1', '1'), node('n3', '8'))],
      [from('9'), watch('hang')],
    ],
    changes: '+n1@1 +n2@2 synced -n2 +n3@8 synced',
  },
  {
    name: '410 as an answer',
    steps: [
      [LIST, list('5', node('n1', '1'))],
      [from('5'), { status: 410, json: expired }],
      [LIST, list('9', node('n1', '8'))],
      [from('9'), watch('hang')],
    ],
    changes: '+n1@1 synced +n1@8 synced',
  },
  {
    name: 'deleted and made again while nobody looked: another uid under the same version is news',
    steps: [
      [LIST, list('5', node('n1', '1', 'a'))],
      [from('5'), { status: 410, json: expired }],
      [LIST, list('9', node('n1', '1', 'b'))],
      [from('9'), watch('hang')],
    ],
    changes: '+n1@1 synced +n1@1 synced',
  },
  {
    name: 'a server that is away takes nothing away',
    steps: [
      [LIST, { unreachable: true }],
      [LIST, list('5', node('n1', '1'))],
      [from('5'), { unreachable: true }],
      [from('5'), { status: 500, json: {} }],
      [from('5'), { status: 429, json: {} }],
      [from('5'), watch('hang', ['DELETED', node('n1', '6')])],
    ],
    changes: '+n1@1 synced -n1',
  },
  {
    name: 'half an event counts as none',
    steps: [
      [LIST, list('5')],
      [from('5'), { raw: '{"type":"ADDED","obj' }],
      [from('5'), watch('hang', ['ADDED', node('n1', '6')])],
    ],
    changes: 'synced +n1@6',
  },
  {
    name: 'a watch that fell silent is begun anew from where it was',
    steps: [
      [LIST, list('5')],
      [from('5'), watch('hang', ['ADDED', node('n1', '6')])],
      [from('6'), watch('hang', ['ADDED', node('n2', '7')])],
    ],
    changes: 'synced +n1@6 +n2@7',
  },
];

for (const { name, steps, changes } of STORIES) {
  test(name, async () => {
    const { transport, surplus } = play(steps);
    const stop = new AbortController();
    const seen: string[] = [];
    const wanted = changes.split(' ').length;
    const options = { signal: stop.signal, stallSeconds: 0.05, backoff: { first: 1, longest: 2 } };
    const run = (async () => {
      for await (const change of reflect(new Api(transport), resources.nodes, options)) {
        if (change.type === 'synced') seen.push('synced');
        else if (change.type === 'delete') seen.push(`-${change.object.metadata.name}`);
        else seen.push(`+${change.object.metadata.name}@${change.object.metadata.resourceVersion}`);
      }
    })();
    // Until the script has been played and one more request shows where the reflector stands.
    while (surplus.length === 0 || seen.length < wanted) await new Promise(resolve => setTimeout(resolve, 2));
    stop.abort();
    await run;
    assert.equal(seen.join(' '), changes);
    assert.match(surplus[0]!, /watch=1/);
  });
}

test('ends when its signal aborts, also in the middle of a pause', async () => {
  const stop = new AbortController();
  const { transport } = play([['', { unreachable: true }]]);
  const run = reflect(new Api(transport), resources.nodes, {
    signal: stop.signal,
    backoff: { first: 60_000, longest: 60_000 },
  }).next();
  setTimeout(() => stop.abort(), 5);
  assert.equal((await run).done, true);
});
