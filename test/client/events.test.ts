/** Events: said once, counted after that, and never in anybody's way. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api } from '../../src/client/api.js';
import { eventRecorder } from '../../src/client/events.js';
import type { Transport } from '../../src/client/transport.js';

const web = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1' };

function server() {
  const requests: { line: string; body: Record<string, unknown> }[] = [];
  const transport: Transport = async ({ method, path, body }) => {
    requests.push({ line: `${method} ${path}`, body: JSON.parse(Buffer.from(body!).toString()) });
    return {
      status: 201,
      body: (async function* () {
        yield Buffer.from('{}');
      })(),
    };
  };
  return { api: new Api(transport), requests };
}

test('the first time at once, repetitions as one count', async () => {
  const { api, requests } = server();
  const events = eventRecorder(api, { component: 'podwire-agent', host: 'n1' });
  events.record(web, 'Warning', 'AddressTaken', '10.96.0.7 belongs to Service default/old');
  while (requests.length === 0) await new Promise(resolve => setTimeout(resolve, 1));
  for (let i = 0; i < 100; i++)
    events.record(web, 'Warning', 'AddressTaken', '10.96.0.7 belongs to Service default/old');
  events.record({ ...web, namespace: undefined, kind: 'Node', name: 'n1' }, 'Normal', 'Started', 'agent started');
  await events.close();
  assert.match(requests[0]!.line, /^POST \/api\/v1\/namespaces\/shop\/events$/);
  assert.deepEqual(requests[0]!.body.involvedObject, web);
  const repeated = requests.filter(request => request.line.startsWith('PATCH'));
  assert.equal(repeated.length, 1);
  assert.equal(repeated[0]!.body.count, 101);
  const other = requests.find(request => request.body.reason === 'Started');
  assert.equal(other?.line, 'POST /api/v1/namespaces/default/events');
});

test('a server that refuses or is away disturbs nobody', async () => {
  const events = eventRecorder(
    new Api(async () => {
      throw new Error('ECONNREFUSED');
    }),
    { component: 'test' },
  );
  for (let i = 0; i < 2000; i++) events.record(web, 'Normal', 'Seen', `number ${i}`);
  await events.close();
});
