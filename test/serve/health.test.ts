/** The health pages, on a port and on a unix socket, and those of kube-proxy: for load balancers and for whoever asks how the proxy is. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ip } from '../../src/net/ip.js';
import { type Checks, startHealth } from '../../src/serve/health.js';
import { serveProxyHealth } from '../../src/serve/proxy-health.js';
import { serveServiceHealth } from '../../src/serve/service-health.js';

function get(
  where: { readonly port?: number; readonly socketPath?: string },
  path: string,
  method = 'GET',
): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ ...where, path, method, agent: false }, response => {
      let body = '';
      response.on('data', chunk => (body += chunk));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    })
      .on('error', reject)
      .end();
  });
}

describe('the health pages', () => {
  it('say ok, or which check failed and why', async () => {
    let ready: Checks = { api: true, rules: 'first sync is under way' };
    const listen = { ip: Ip.of('127.0.0.1'), port: 0 };
    const health = await startHealth({
      listen,
      live: () => ({ ping: true }),
      ready: () => ready,
      metrics: () => 'up 1\n',
    });
    try {
      const rows: Record<string, string> = {
        '/livez': '200 ok',
        '/livez?verbose': '200 [+]ping ok\ncheck passed\n',
        '/readyz': '503 [+]api ok\n[-]rules failed: first sync is under way\ncheck failed\n',
        '/metrics': '200 up 1\n',
        '/__proto__': '404 there are /livez /readyz /healthz /metrics\n',
      };
      for (const [path, expected] of Object.entries(rows)) assert.equal(await get(health, path), expected);
      assert.match(await get(health, '/livez', 'POST'), /^405/);
      ready = { api: true, rules: true };
      assert.equal(await get(health, '/readyz'), '200 ok');
    } finally {
      await health.close();
    }
  });

  it('replace a socket left behind, and let nobody else at it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pwt-health-'));
    const socket = join(folder, 'health.sock');
    const options = { listen: { socket }, live: () => ({}), ready: () => ({}), metrics: () => '' };
    try {
      const first = await startHealth(options);
      const second = await startHealth(options);
      assert.equal(await get({ socketPath: socket }, '/livez'), '200 ok');
      assert.equal((await stat(socket)).mode & 0o777, 0o600);
      await second.close();
      await first.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('a page may write line after line, until its reader goes', async () => {
  let stopped = () => {};
  const gone = new Promise<void>(resolve => (stopped = resolve));
  const lines = (write: (line: string) => void) => {
    write('one');
    const timer = setTimeout(() => write('two'), 10);
    return () => {
      clearTimeout(timer);
      stopped();
    };
  };
  const server = await startHealth({
    listen: { ip: Ip.of('127.0.0.1'), port: 0 },
    ...{ live: () => ({}), ready: () => ({}), metrics: () => '' },
    more: { '/lines': async () => ({ status: 200, body: lines }) },
  });
  try {
    let text = '';
    const asking = request({ port: server.port, path: '/lines', agent: false }, response =>
      response.on('data', data => {
        text += data;
        if (text === 'one\ntwo\n') response.destroy();
      }),
    );
    asking.end();
    await gone;
    assert.equal(text, 'one\ntwo\n');
  } finally {
    await server.close();
  }
});

describe('kube-proxy’s pages', () => {
  const local = Ip.of('127.0.0.1');

  /** Status, the header by which balancers weigh nodes, and the body. */
  async function fetched(port: number, path: string): Promise<readonly [number, string | null, unknown]> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    assert.equal(response.headers.get('content-type'), 'application/json');
    return [response.status, response.headers.get('x-load-balancing-endpoint-weight'), await response.json()];
  }

  it('tell balancers whether this node has endpoints of a Service', async () => {
    let state = { namespace: 'shop', name: 'web', localEndpoints: 2, proxyHealthy: true };
    const port = await freePort();
    const server = await serveServiceHealth([local], port, () => state);
    try {
      const service = { namespace: 'shop', name: 'web' };
      for (const [localEndpoints, proxyHealthy, status] of [
        [2, true, 200],
        [0, true, 503],
        [2, false, 503],
      ] as const) {
        state = { ...state, localEndpoints, proxyHealthy };
        const body = { service, localEndpoints, serviceProxyHealthy: proxyHealthy };
        for (const path of ['/', '/healthz', '/any/thing?x'])
          assert.deepEqual(await fetched(port, path), [status, String(localEndpoints), body]);
      }
    } finally {
      await server.close();
    }
  });

  it('listen on all of a node’s addresses or on none', async () => {
    const port = await freePort();
    const state = () => ({ namespace: 'a', name: 'b', localEndpoints: 1, proxyHealthy: true });
    const first = await serveServiceHealth([Ip.of('127.0.0.2')], port, state);
    await assert.rejects(serveServiceHealth([local, Ip.of('127.0.0.2')], port, state), { code: 'EADDRINUSE' });
    const again = await serveServiceHealth([local], port, state);
    await Promise.all([first.close(), again.close()]);
  });

  it('say how the proxy is; a node that is to go lives, but is not for new connections', async () => {
    let state = { healthy: true, eligible: true, lastUpdated: Date.parse('2026-01-01T00:00:00Z') };
    const told: string[] = [];
    const server = await serveProxyHealth(
      { ip: local, port: 0 },
      () => state,
      (page, status) => void told.push(`${page} ${status}`),
    );
    try {
      const rows: readonly (readonly [healthy: boolean, eligible: boolean, healthz: number, livez: number])[] = [
        [true, true, 200, 200],
        [true, false, 503, 200],
        [false, true, 503, 503],
      ];
      for (const [healthy, eligible, healthz, livez] of rows) {
        state = { ...state, healthy, eligible };
        const [status, , body] = await fetched(server.port, '/healthz');
        const { lastUpdated, currentTime, nodeEligible } = body as Record<string, unknown>;
        assert.deepEqual([status, nodeEligible], [healthz, eligible]);
        assert.equal(lastUpdated === currentTime, healthz === 200, 'what is well is up to date now');
        assert.deepEqual((await fetched(server.port, '/livez'))[0], livez);
      }
      assert.deepEqual(told, ['healthz 200', 'livez 200', 'healthz 503', 'livez 200', 'healthz 503', 'livez 503']);
      assert.match(await get(server, '/metrics'), /^404/);
    } finally {
      await server.close();
    }
  });
});

/** A TCP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = await serveProxyHealth(
    { ip: Ip.of('127.0.0.1'), port: 0 },
    () => assert.fail(),
    () => {},
  );
  await server.close();
  return server.port;
}
