/** The HTTP/2 transport against a real server (without TLS, which is Node's business): reuse, loss, return. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { httpsTransport } from '../../src/client/https-transport.js';
import { text } from '../../src/client/stream.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function serve(port = 0) {
  const sessions = new Set<http2.ServerHttp2Session>();
  let accepted = 0;
  const server = http2.createServer();
  server.on('session', session => {
    accepted++;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    const path = headers[':path']!;
    if (path === '/prefix/reset') return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    stream.respond({ ':status': path === '/prefix/refuse' ? 403 : 200 });
    if (path === '/prefix/hang') return stream.write('first');
    stream.end(`${headers[':method']} ${path} ${headers.authorization} ${await text(stream)}`);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  cleanups.push(stop);
  return { port: (server.address() as AddressInfo).port, stop, accepted: () => accepted };
}

function connect(port: number) {
  const transport = httpsTransport({ server: `http://127.0.0.1:${port}/prefix/`, token: 'T' });
  cleanups.push(transport.close);
  return transport;
}

test('requests share one session, and carry path, token and body', async () => {
  const server = await serve();
  const transport = connect(server.port);
  const ask = async (path: string, body?: string) => {
    const response = await transport({
      method: body ? 'POST' : 'GET',
      path,
      headers: {},
      body: body ? Buffer.from(body) : undefined,
    });
    return `${response.status} ${await text(response.body)}`;
  };
  assert.equal(await ask('/a?b=c'), '200 GET /prefix/a?b=c Bearer T ');
  assert.equal(await ask('/a', '{}'), '200 POST /prefix/a Bearer T {}');
  assert.equal(await ask('/refuse'), '403 GET /prefix/refuse Bearer T ');
  await assert.rejects(ask('/reset'));
  assert.equal(server.accepted(), 1);
});

test('a lost server ends what is under way, and is found again', async () => {
  const first = await serve();
  const transport = connect(first.port);
  const { body } = await transport({ method: 'GET', path: '/hang', headers: {} });
  const reading = text(body);
  first.stop();
  await reading.catch(() => 'broken off, or ended: a watch goes on in either case');
  await assert.rejects(transport({ method: 'GET', path: '/a', headers: {} }), /ECONNREFUSED/);
  await serve(first.port);
  const { status } = await transport({ method: 'GET', path: '/a', headers: {} });
  assert.equal(status, 200);
});

test('an aborted request ends, before and after its answer began', async () => {
  const server = await serve();
  const transport = connect(server.port);
  const early = AbortSignal.abort();
  await assert.rejects(transport({ method: 'GET', path: '/a', headers: {}, signal: early }), { name: 'AbortError' });
  const late = new AbortController();
  const { body } = await transport({ method: 'GET', path: '/hang', headers: {}, signal: late.signal });
  setTimeout(() => late.abort(), 5);
  await assert.rejects(text(body), { name: 'AbortError' });
});
