import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import * as tls from 'node:tls';
import { Authority } from '../../src/apiserver/auth/authority.js';
import { type KeyPair, makeCertificate } from '../../src/apiserver/auth/x509.js';
import { listenTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';
import { type Body, configMap, type Harness, pod, startServer } from './harness.js';

const CM = '/api/v1/namespaces/default/configmaps';

interface Reply {
  readonly status: number;
  readonly body: Body;
}

/** One request over HTTP/1.1, with or without a client certificate. */
function ask(
  { server }: Harness,
  port: number,
  path: string,
  {
    method = 'GET',
    body,
    pair,
    headers = {},
  }: { method?: string; body?: string; pair?: KeyPair; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = {
      ca: server.authority.caCertificate,
      cert: pair?.certificate,
      key: pair?.key,
      agent: false,
      method,
    };
    const request = https.request(
      `https://127.0.0.1:${port}${path}`,
      { ...options, headers: { 'content-type': 'application/json', ...headers } },
      response => {
        let text = '';
        response.on('data', chunk => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode!, body: text.startsWith('{') ? JSON.parse(text) : text }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function listening(t: Parameters<typeof startServer>[0], options?: Parameters<typeof startServer>[1]) {
  const harness = startServer(t, options);
  const { ports } = await harness.server.listen([{ host: '127.0.0.1', port: 0 }]);
  return { harness, port: ports[0]! };
}

test('a client certificate of this cluster is its user; nobody else is anybody', async t => {
  const { harness, port } = await listening(t);
  const whoami = (options: Parameters<typeof ask>[3]) =>
    ask(harness, port, '/apis/authentication.k8s.io/v1/selfsubjectreviews', { method: 'POST', body: '{}', ...options });
  const { authority } = harness.server;
  assert.deepEqual((await whoami({ pair: authority.admin() })).body.status.userInfo, {
    username: 'kubernetes-admin',
    groups: ['system:masters', 'system:authenticated'],
  });
  assert.equal((await whoami({ pair: authority.node('n1') })).body.status.userInfo.username, 'system:node:n1');
  assert.equal((await whoami({})).status, 401);
  assert.equal((await ask(harness, port, '/readyz')).body, 'ok');
  // The right name under a CA of one's own.
  const forged = makeCertificate({
    subject: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    usage: 'client',
    days: 1,
  });
  assert.equal((await whoami({ pair: forged })).status, 401);
  const token = await authority.signToken({ sub: 'system:serviceaccount:default:bot', exp: Date.now() / 1000 + 60 });
  assert.equal(
    (await whoami({ headers: { authorization: `Bearer ${token}` } })).body.status.userInfo.username,
    'system:serviceaccount:default:bot',
  );
  const late = await authority.signToken({ sub: 'system:serviceaccount:default:bot', exp: Date.now() / 1000 - 60 });
  for (const bad of [late, `${token}x`, 'x.y.z', 'nonsense'])
    assert.equal((await whoami({ headers: { authorization: `Bearer ${bad}` } })).status, 401);
});

test('HTTP/2 and HTTP/1.1 are spoken on one port, and a watch streams over both', async t => {
  const { harness, port } = await listening(t);
  const { certificate: cert, key } = harness.server.authority.admin();
  const ca = harness.server.authority.caCertificate;
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca, cert, key });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': `${CM}?watch=true` });
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  const old = https.get(`https://127.0.0.1:${port}${CM}?watch=true`, { ca, cert, key, agent: false });
  const [response] = (await once(old, 'response')) as [import('node:http').IncomingMessage];
  await harness.request(`POST ${CM}`, { body: configMap('a') });
  for (const chunks of [stream, response]) {
    const [chunk] = await once(chunks, 'data');
    assert.equal(JSON.parse(String(chunk)).object.metadata.name, 'a');
  }
  old.destroy();
});

test('a client that goes away ends its watch', async t => {
  const { harness, port } = await listening(t);
  const { certificate: cert, key } = harness.server.authority.admin();
  const seen: AbortSignal[] = [];
  const { handle } = harness.server;
  harness.server.handle = request => {
    seen.push(request.signal!);
    return handle(request);
  };
  const watching = https.get(`https://127.0.0.1:${port}${CM}?watch=true`, {
    ca: harness.server.authority.caCertificate,
    cert,
    key,
    agent: false,
  });
  await once(watching, 'response');
  watching.destroy();
  if (!seen[0]!.aborted) await once(seen[0]!, 'abort');
});

test('a body that is too long is refused before it is all sent', async t => {
  const { harness, port } = await listening(t);
  const { certificate: cert, key } = harness.server.authority.admin();
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca: harness.server.authority.caCertificate, cert, key });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': CM, ':method': 'POST', 'content-type': 'application/json' });
  stream.on('error', () => {});
  const piece = Buffer.alloc(64 << 10, 'x');
  const send = () => {
    while (!stream.destroyed && stream.write(piece));
    stream.once('drain', send);
  };
  send();
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 413);
});

test('a port that is taken is one clear error', async t => {
  const { harness, port } = await listening(t);
  await assert.rejects(
    harness.server.listen([
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ]),
    /PW-L804 port \d+ on 127\.0\.0\.1 is taken/,
  );
});

test('a socket that listens already is served', async t => {
  const harness = startServer(t);
  const fd = listenTcp(Ip.of('127.0.0.1'), 0);
  const { ports } = await harness.server.listen([{ fd }]);
  assert.equal((await ask(harness, ports[0]!, '/livez')).body, 'ok');
});

test('close() does not wait for those who never finish', async t => {
  const { harness, port } = await listening(t);
  const silent = net.connect(port, '127.0.0.1');
  await once(silent, 'connect');
  const half = tls.connect({ port, host: '127.0.0.1', ca: harness.server.authority.caCertificate });
  await once(half, 'secureConnect');
  half.write('GET /livez HTTP/1.1\r\nHost');
  for (const socket of [silent, half]) socket.on('error', () => {});
  await harness.server.close();
});

test('streams of a Pod: who may, which Pod, and what is handed over', async t => {
  const taken: { verb: string; name: string; command: string | null }[] = [];
  const { harness, port } = await listening(t, {
    upgrade: (_request, socket, _head, { verb, name, query }) => {
      taken.push({ verb, name, command: query.get('command') });
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    },
  });
  await harness.request('POST /api/v1/namespaces/default/pods', { body: pod('a', { nodeName: 'n1' }) });
  await harness.request('POST /api/v1/namespaces/default/pods', { body: pod('unbound') });
  const status = (path: string, pair?: KeyPair) =>
    new Promise<number>((resolve, reject) => {
      const options = {
        ca: harness.server.authority.caCertificate,
        cert: pair?.certificate,
        key: pair?.key,
        agent: false,
      };
      const request = https.get(`https://127.0.0.1:${port}${path}`, {
        ...options,
        headers: { connection: 'Upgrade', upgrade: 'websocket' },
      });
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode!);
      });
      request.on('response', response => resolve(response.resume().statusCode!));
      request.on('error', reject);
    });
  const admin = harness.server.authority.admin();
  const exec = (name: string) => `/api/v1/namespaces/default/pods/${name}/exec?command=ls`;
  assert.equal(await status(exec('a'), admin), 101);
  assert.deepEqual(taken, [{ verb: 'exec', name: 'a', command: 'ls' }]);
  assert.equal(await status(exec('a')), 401);
  assert.equal(await status(exec('b'), admin), 404);
  assert.equal(await status(exec('unbound'), admin), 400);
  assert.equal(await status('/api/v1/namespaces/default/services/kubernetes/exec', admin), 404);
  assert.equal((await harness.request(`GET ${exec('a')}`)).status, 400, 'without an Upgrade header');
});

test('a client that breaks the protocol harms only itself', async t => {
  const { harness, port } = await listening(t);
  const ca = harness.server.authority.caCertificate;
  const { certificate: cert, key } = harness.server.authority.admin();
  for (const bytes of ['nonsense\r\n\r\n', '\0'.repeat(5000), 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff']) {
    for (const ALPNProtocols of [['h2'], ['http/1.1']]) {
      const socket = tls.connect({ port, host: '127.0.0.1', ca, cert, key, ALPNProtocols });
      socket.on('error', () => {}).resume();
      await once(socket, 'secureConnect');
      socket.write(Buffer.from(bytes, 'latin1'));
      socket.end();
      await once(socket, 'close');
    }
    const plain = net.connect(port, '127.0.0.1');
    plain.on('error', () => {}).resume();
    plain.end(bytes);
    await once(plain, 'close');
  }
  // Many requests, each taken back at once.
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca, cert, key });
  session.on('error', () => {});
  for (let i = 0; i < 2000 && !session.destroyed; i++) {
    const stream = session.request({ ':path': `${CM}?watch=true` });
    stream.on('error', () => {});
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  session.destroy();
  assert.equal((await ask(harness, port, '/livez')).body, 'ok');
});

test('keys: made once, for their owner only, and anew when they no longer do', t => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'pwt-pki-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const authority = new Authority(directory);
  const server = authority.server(['example.test', '10.96.0.1', 'fd00:10:96::1']);
  const x509 = new X509Certificate(server.certificate);
  assert.match(x509.subjectAltName!, /DNS:example\.test.*IP Address:10\.96\.0\.1.*IP Address:FD00:10:96:0:0:0:0:1/);
  assert.deepEqual(new Authority(directory).server(['example.test']), server, 'kept while it covers the names');
  assert.notDeepEqual(authority.server(['other.test']), server, 'made anew for another name');
  const ca = authority.caCertificate;
  assert.equal(new Authority(directory).caCertificate, ca);
  assert.ok(new X509Certificate(authority.admin().certificate).checkIssued(new X509Certificate(ca)));
  const pki = join(directory, 'pki');
  for (const name of fs.readdirSync(pki)) assert.equal(fs.statSync(join(pki, name)).mode & 0o777, 0o600, name);
  assert.equal(fs.statSync(pki).mode & 0o777, 0o700);
  const admin = authority.admin();
  fs.rmSync(join(pki, 'ca.key'));
  assert.notDeepEqual(new Authority(directory).admin(), admin, 'another CA makes other certificates');
});
