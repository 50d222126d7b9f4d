/** Which endpoints a Service port uses, as a table. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildCluster } from '../../src/model/builder.js';
import { select } from '../../src/plan/services/select.js';
import { SERVICE_CIDRS, service, slice } from './world.js';

const READY = { ready: true };
const STARTING = { ready: false, serving: false, terminating: false };
const DRAINING = { ready: false, serving: true, terminating: true };
const DYING = { ready: false, serving: false, terminating: true };

const A = '10.244.1.1';
const B = '10.244.1.2';
const C = '10.244.1.3';

describe('select', () => {
  check(
    'ready ones',
    [
      [A, READY],
      [B, READY],
    ],
    [A, B],
  );
  check(
    'in the order of addresses',
    [
      [C, READY],
      [A, READY],
      [B, READY],
    ],
    [A, B, C],
  );
  check(
    'none that is starting',
    [
      [A, STARTING],
      [B, READY],
    ],
    [B],
  );
  check(
    'none that drains while another is ready',
    [
      [A, DRAINING],
      [B, READY],
    ],
    [B],
  );
  check(
    'those that drain when none is ready',
    [
      [A, DRAINING],
      [B, STARTING],
      [C, DRAINING],
    ],
    [A, C],
  );
  check(
    'none that is dying',
    [
      [A, DYING],
      [B, STARTING],
    ],
    [],
  );
  check('conditions left out mean ready', [[A, {}]], [A]);
  check(
    'one that is in two slices once',
    [
      [A, READY],
      [A, READY],
    ],
    [A],
  );
  check(
    'all when not-ready addresses are published',
    [
      [A, STARTING],
      [B, READY],
    ],
    [A, B],
    { publishNotReadyAddresses: true },
  );

  it('only slices with the port of that name and protocol, and of that family', () => {
    const cluster = buildCluster(
      [
        service('web', ['10.96.1.1'], { ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }),
        slice('one', 'web', [A], { port: 8080 }),
        slice('two', 'web', [B], { port: 9090 }),
        slice('other-name', 'web', [C], { portName: 'admin' }),
        slice('other-protocol', 'web', [C], { protocol: 'UDP' }),
        slice('other-family', 'web', ['fd00:10:244:1::1']),
        slice('other-service', 'db', [C]),
      ],
      { serviceCidrs: SERVICE_CIDRS },
    );
    const entry = cluster.services.get('default/web')!;
    const found = select(entry, 4, entry.ports[0]!).map(([ip, port]) => `${ip}:${port}`);
    assert.deepEqual(found, [`${A}:8080`, `${B}:9090`]);
  });
});

function check(name: string, endpoints: Parameters<typeof slice>[2], expected: readonly string[], spec = {}): void {
  it(name, () => {
    // Half in one slice, half in another: how endpoints are spread must not matter.
    const objects = [
      service('web', ['10.96.1.1'], spec),
      slice(
        'web-1',
        'web',
        endpoints.filter((_, i) => i % 2 === 0),
      ),
      slice(
        'web-2',
        'web',
        endpoints.filter((_, i) => i % 2 === 1),
      ),
    ];
    const entry = buildCluster(objects, { serviceCidrs: SERVICE_CIDRS }).services.get('default/web')!;
    assert.deepEqual(
      select(entry, 4, entry.ports[0]!).map(([ip]) => `${ip}`),
      expected,
    );
  });
}
