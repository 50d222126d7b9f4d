/** The health pages, on a port and on a unix socket. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ip } from '../../src/net/ip.js';
import { type Checks, startHealth } from '../../src/serve/health.js';

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
