/** The oracle passes the suite: the API as read by hand in the cases, and clause by clause in intent, say the same. */

import { serviceIntent } from '../../src/intent/services.js';
import { buildCluster } from '../../src/model/builder.js';
import type { Cluster } from '../../src/model/cluster.js';
import type { Ip } from '../../src/net/ip.js';
import { fixedAddresses as addresses, nodes, RANGES } from '../suites/services/fixed.js';
import { PLACES, type PlaceName } from '../suites/services/places.js';
import { type Backend, servicesSuite } from '../suites/services/suite.js';

let cluster: Cluster;

const backend: Backend = {
  addresses,
  promises: true,
  apply(objects) {
    cluster = buildCluster([...nodes, ...objects], RANGES);
  },
  ask({ from, to, port, protocol }) {
    const { kind, node } = PLACES[from];
    const client = { kind, node, ip: addresses.place(from, to.family) };
    const answer = serviceIntent(cluster, { from: client, destination: to, protocol, port });
    if (!answer) return 'elsewhere';
    if (answer.verdict !== 'forward') return answer.verdict === 'drop' ? 'dropped' : 'refused';
    const endpoints = new Set(answer.endpoints.map(({ ip }) => placeOf(ip)));
    return { endpoints, kept: answer.sourceKept, same: answer.affinitySeconds !== undefined };
  },
};

/** `host` shares its address with n2, and is the one of them that may be an endpoint. */
function placeOf(ip: Ip): PlaceName {
  return (Object.keys(PLACES) as PlaceName[]).find(name => addresses.place(name, ip.family).equals(ip))!;
}

servicesSuite('intent', backend);
