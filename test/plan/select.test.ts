/** Which endpoints a Service port uses, as a table. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildCluster } from '../../src/model/builder.js';
import type { TrafficPolicy } from '../../src/model/cluster.js';
import { select } from '../../src/plan/services/select.js';
import { SERVICE_CIDRS, service, slice } from './world.js';

const READY = { ready: true };
const STARTING = { ready: false, serving: false, terminating: false };
const DRAINING = { ready: false, serving: true, terminating: true };
const DYING = { ready: false, serving: false, terminating: true };

const HERE = { node: 'n1', zone: 'a' };

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

  const local = (name: string, endpoints: readonly Placed[], expected: readonly string[]) =>
    check(`policy Local: ${name}`, endpoints, expected, {}, 'Local');
  local('only those of this node', [on('n1', A), on('n2', B), on('n1', C)], [A, C]);
  local('none of another node, nor one that says no node', [on('n2', A), [B, READY]], []);
  local('those of this node that drain, though others are ready elsewhere', [on('n1', A, DRAINING), on('n2', B)], [A]);
  local('hints or not', [on('n1', A, READY, forZones('b')), on('n2', B, READY, forZones('a'))], [A]);

  check('those for our zone', [on('n2', A, READY, forZones('a')), on('n3', B, READY, forZones('b'))], [A]);
  check(
    'those for several zones, ours among them',
    [on('n2', A, READY, forZones('b', 'a')), on('n3', B, READY, forZones('b'))],
    [A],
  );
  check('all when one has no hint', [on('n2', A, READY, forZones('a')), on('n3', B)], [A, B]);
  check(
    'all when none is for our zone',
    [on('n2', A, READY, forZones('b')), on('n3', B, READY, forZones('c'))],
    [A, B],
  );
  check(
    'hints of those that are not ready do not count',
    [on('n2', A, READY, forZones('a')), on('n3', B, STARTING)],
    [A],
  );
  check(
    'no hints among those that drain',
    [on('n2', A, DRAINING, forZones('b')), on('n3', B, DRAINING, forZones('a'))],
    [A, B],
  );
  check(
    'those for our node before those for our zone',
    [
      on('n1', A, READY, { ...forZones('a'), ...forNodes('n1') }),
      on('n2', B, READY, { ...forZones('a'), ...forNodes('n2') }),
    ],
    [A],
  );
  check(
    'those for our zone when none is for our node',
    [
      on('n2', A, READY, { ...forZones('a'), ...forNodes('n2') }),
      on('n3', B, READY, { ...forZones('b'), ...forNodes('n3') }),
    ],
    [A],
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
    const found = select(entry, 4, entry.ports[0]!, 'Cluster', HERE).map(([ip, port]) => `${ip}:${port}`);
    assert.deepEqual(found, [`${A}:8080`, `${B}:9090`]);
  });
});

type Placed = Exclude<Parameters<typeof slice>[2][number], string>;

function check(
  name: string,
  endpoints: Parameters<typeof slice>[2],
  expected: readonly string[],
  spec = {},
  policy: TrafficPolicy = 'Cluster',
): void {
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
      select(entry, 4, entry.ports[0]!, policy, HERE).map(([ip]) => `${ip}`),
      expected,
    );
  });
}

/** An endpoint on that node, ready when no conditions are given, with hints. */
function on(nodeName: string, ip: string, conditions = READY as object, hints?: object): Placed {
  return [ip, conditions, { nodeName, ...(hints && { hints }) }];
}

function forZones(...names: readonly string[]) {
  return { forZones: names.map(name => ({ name })) };
}

function forNodes(...names: readonly string[]) {
  return { forNodes: names.map(name => ({ name })) };
}
