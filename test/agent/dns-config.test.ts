/** The DNS ConfigMap, followed: what an agent makes of it as it is written, spoiled, mended and deleted. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { followDnsConfig, readDnsConfigMap } from '../../src/agent/dns-config.js';
import { Api } from '../../src/client/api.js';
import { formatUpstream } from '../../src/dns/upstream.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { play } from '../client/script.js';

let version = 1;
const configMap = (text: string | undefined) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'kube-system', name: 'podwire-dns', uid: 'u', resourceVersion: `${++version}` },
  data: text === undefined ? { Corefile: '.:53 {}' } : { 'config.yaml': text },
});

it('a right one holds, a wrong one leaves it in force and is told, none at all is the default again', async () => {
  const right = configMap('upstreams: [192.0.2.1]');
  const states = [
    ['MODIFIED', configMap('upstreams: [192.0.2.256]')],
    ['MODIFIED', configMap('upstreams: [192.0.2.2]')],
    ['DELETED', right],
    ['ADDED', configMap('upstreams: [192.0.2.3]')],
  ] as const;
  const { transport, requests } = play([
    [
      'GET /api/v1/namespaces/kube-system/configmaps?',
      { json: { metadata: { resourceVersion: '1' }, items: [right] } },
    ],
    ['GET ', { lines: states.map(([type, object]) => ({ type, object })), finally: 'hang' }],
  ]);
  const stop = new AbortController();
  const seen: string[] = [];
  const note = (line: string) => {
    seen.push(line);
    if (seen.length === 5) stop.abort();
  };
  await followDnsConfig(
    new Api(transport),
    'cluster.local.',
    {
      configure: ({ upstreams = [] }) => note(`holds: ${upstreams.map(formatUpstream)}`),
      refused: ({ code, message }) => note(`${code} ${message}`),
    },
    stop.signal,
  );
  assert.deepEqual(seen, [
    'holds: 192.0.2.1',
    "PW-D601 ConfigMap kube-system/podwire-dns: config.yaml: upstreams[0]: '192.0.2.256' is no address or address#port; the settings before it stay in force",
    'holds: 192.0.2.2',
    'holds: ',
    'holds: 192.0.2.3',
  ]);
  for (const { path } of requests) assert.match(decodeURIComponent(path), /fieldSelector=metadata\.name=podwire-dns/);
});

describe('what is no configuration at all', () => {
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1}, `.repeat(9) : 1}]`).join('\n');
  const cases: readonly (readonly [title: string, text: string | undefined, problem: RegExp])[] = [
    ['another key', undefined, /it has no key config\.yaml/],
    ['no YAML', 'a: [', /config\.yaml: .* at line 1, column 5/],
    ['a key twice', 'hosts: {}\nhosts: {}', /config\.yaml: Map keys must be unique at line 2/],
    ['two documents', '{}\n---\n{}', /config\.yaml: .*document/],
    ['a bomb of aliases', bomb, /config\.yaml: .*alias/],
    ['bytes that are no text', '\u0000', /config\.yaml: /],
  ];
  for (const [title, text, expected] of cases)
    it(title, async () => {
      const found = await readDnsConfigMap(configMap(text) as KubeObject, 'cluster.local.');
      assert.ok('code' in found, 'was taken for one');
      assert.match(found.message, expected);
    });
});
