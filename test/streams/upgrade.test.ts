/** Requests that cannot become streams: each gets a Status as any other API error, and leaves nothing open. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startCluster, type TestCluster } from './cluster.js';

let cluster: TestCluster;
before(async () => {
  cluster = await startCluster();
});
after(() => cluster.close());

const SPDY = ['Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: v4.channel.k8s.io'];
const WEBSOCKET = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

/** Everything that the server says until it closes the connection. */
function ask(path: string, headers: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(cluster.url).port), '127.0.0.1');
    let text = '';
    socket.on('error', reject);
    socket.on('data', chunk => (text += chunk));
    socket.on('close', () => resolve(text));
    const head = [
      `POST /api/v1/namespaces/default/pods/web/${path} HTTP/1.1`,
      'Host: api',
      'Connection: Upgrade',
      ...headers,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
  });
}

const rows: readonly (readonly [
  title: string,
  path: string,
  headers: readonly string[],
  status: number,
  message: RegExp,
])[] = [
  ['another protocol', 'exec?command=true&stdout=true', ['Upgrade: h2c'], 400, /only websocket and SPDY/],
  [
    'SPDY without a version of the channels',
    'exec?command=true&stdout=true',
    ['Upgrade: SPDY/3.1'],
    403,
    /unable to negotiate/,
  ],
  [
    'SPDY channels too old',
    'exec?command=true&stdout=true',
    ['Upgrade: SPDY/3.1', 'X-Stream-Protocol-Version: channel.k8s.io'],
    403,
    /v4/,
  ],
  ['a WebSocket without subprotocol', 'exec?command=true&stdout=true', WEBSOCKET, 403, /v5\.channel/],
  ['exec for a port-forward', 'portforward', SPDY, 403, /portforward\.k8s\.io/],
  ['no streams at all', 'exec?command=true', SPDY, 400, /at least 1 of stdin, stdout, stderr/],
  ['no command', 'exec?stdout=true', SPDY, 400, /must specify a command/],
  ['what the node refuses', 'exec?command=missing&stdout=true', SPDY, 400, /container not found/],
];

describe('instead of a stream', () => {
  for (const [title, path, headers, status, message] of rows) {
    it(`${title}: ${status}, and the connection is closed`, async () => {
      const text = await ask(path, headers);
      const [head, body] = text.split('\r\n\r\n') as [string, string];
      assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head);
      const answer = JSON.parse(body) as { kind: string; code: number; message: string };
      assert.deepEqual([answer.kind, answer.code], ['Status', status]);
      assert.match(answer.message, message);
    });
  }

  it('a handshake that is none: closed, and its command with it', async () => {
    const before = cluster.killed;
    const headers = ['Upgrade: websocket', 'Sec-WebSocket-Protocol: v5.channel.k8s.io'];
    assert.match(await ask('exec?command=sleep&command=600&stdout=true', headers), /^HTTP\/1\.1 4\d\d /);
    assert.equal(cluster.killed, before + 1);
  });

  it('a SPDY client that breaks the rules: closed, and its command with it', async () => {
    const before = cluster.killed;
    const socket = connect(Number(new URL(cluster.url).port), '127.0.0.1');
    const path = '/api/v1/namespaces/default/pods/web/exec?command=sleep&command=600&stdout=true';
    socket.write(
      [`POST ${path} HTTP/1.1`, 'Host: api', 'Connection: Upgrade', ...SPDY, '', 'GET / HTTP/1.1\r\n\r\n'].join('\r\n'),
    );
    socket.resume();
    await new Promise(resolve => socket.once('close', resolve));
    assert.equal(cluster.killed, before + 1);
  });
});
