/** The same Services as kube-proxy's nftables mode writes them: a chain per Service port and per endpoint, one transaction of nft commands. */

import { createHash } from 'node:crypto';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

/** The first, whole synchronisation of a node. */
export function wholeTable(services: number): string {
  const lines = [...frame()];
  for (let service = 0; service < services; service++) {
    const ip = clusterIP(service);
    lines.push(
      ...chains(service),
      add('element', `cluster-ips { ${ip} }`),
      add('element', `service-ips { ${ip} . tcp . 80 : goto ${serviceChain(service)} }`),
      ...rules(service),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** One endpoint of one Service replaced: a partial synchronisation writes that Service again, and empties the chain of what went. */
export function oneChange(service: number, endpoint: number, generation: number): string {
  const stale = endpointChain(service, endpointIP(service, endpoint));
  const changed = { endpoint, generation };
  return [...chains(service, changed), ...rules(service, changed), flush(stale), ''].join('\n');
}

/** An endpoint that is another Pod by now. */
interface Changed {
  readonly endpoint: number;
  readonly generation: number;
}

const TABLE = 'ip kube-proxy';
const add = (kind: string, what: string) => `add ${kind} ${TABLE} ${what}`;
const flush = (chain: string) => `flush chain ${TABLE} ${chain}`;
/** Every chain is made if need be, and emptied. */
const chain = (name: string, hook = '') => [add('chain', `${name} ${hook}`), flush(name)];

const FRONT = 'ipv4_addr . inet_proto . inet_service';
const PORT = 'inet_proto . inet_service';
const FRONT_KEY = 'ip daddr . meta l4proto . th dport';
const PORT_KEY = 'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport';

/** What is there whatever the Services are. */
function frame(): string[] {
  const hook = (type: string, hook: string, priority: number) => `{ type ${type} hook ${hook} priority ${priority} ; }`;
  const maps = { 'service-ips': FRONT, 'no-endpoint-services': FRONT, 'firewall-ips': FRONT };
  const portMaps = { 'service-nodeports': PORT, 'no-endpoint-nodeports': PORT };
  const base = {
    'filter-prerouting': hook('filter', 'prerouting', -110),
    'filter-input': hook('filter', 'input', -110),
    'filter-forward': hook('filter', 'forward', -110),
    'filter-output': hook('filter', 'output', -110),
    'filter-output-post-dnat': hook('filter', 'output', -90),
    'nat-prerouting': hook('nat', 'prerouting', -100),
    'nat-output': hook('nat', 'output', -100),
    'nat-postrouting': hook('nat', 'postrouting', 100),
  };
  const called: Readonly<Record<string, readonly string[]>> = {
    services: [`${FRONT_KEY} vmap @service-ips`, `${PORT_KEY} vmap @service-nodeports`],
    'service-endpoints-check': [`${FRONT_KEY} vmap @no-endpoint-services`],
    'nodeport-endpoints-check': [`${PORT_KEY} vmap @no-endpoint-nodeports`],
    'firewall-check': [`${FRONT_KEY} vmap @firewall-ips`],
    'cluster-ips-check': ['ip daddr @cluster-ips reject', 'ip daddr { 10.96.0.0/16 } drop'],
    'reject-chain': ['reject'],
    'mark-for-masquerade': ['mark set mark or 0x4000'],
    masquerading: ['mark and 0x4000 == 0 return', 'mark set mark xor 0x4000', 'masquerade fully-random'],
  };
  const calls: Readonly<Record<string, readonly string[]>> = {
    'filter-prerouting': ['firewall-check'],
    'filter-input': ['nodeport-endpoints-check', 'service-endpoints-check'],
    'filter-forward': ['service-endpoints-check', 'cluster-ips-check'],
    'filter-output': ['service-endpoints-check', 'firewall-check'],
    'filter-output-post-dnat': ['cluster-ips-check'],
  };
  return [
    `add table ${TABLE}`,
    ...Object.entries({ ...maps, ...portMaps }).map(([name, type]) =>
      add('map', `${name} { type ${type} : verdict ; }`),
    ),
    add('set', 'cluster-ips { type ipv4_addr ; }'),
    ...Object.entries(base).flatMap(([name, hook]) => chain(name, hook)),
    ...Object.keys(called).flatMap(name => chain(name)),
    ...Object.entries(calls).flatMap(([from, names]) => names.map(name => rule(from, `ct state new jump ${name}`))),
    rule('nat-prerouting', 'jump services'),
    rule('nat-output', 'jump services'),
    rule('nat-postrouting', 'jump masquerading'),
    ...Object.entries(called).flatMap(([name, texts]) => texts.map(text => rule(name, text))),
  ];
}

function rule(chain: string, text: string): string {
  return add('rule', `${chain} ${text}`);
}

function chains(service: number, changed?: Changed): string[] {
  return [...endpoints(service, changed).map(ip => endpointChain(service, ip)), serviceChain(service)].flatMap(name =>
    chain(name),
  );
}

function rules(service: number, changed?: Changed): string[] {
  const ips = endpoints(service, changed);
  const choices = ips.map((ip, i) => `${i} : goto ${endpointChain(service, ip)}`).join(' , ');
  const name = serviceChain(service);
  return [
    rule(name, `ip daddr ${clusterIP(service)} tcp dport 80 ip saddr != 10.128.0.0/9 jump mark-for-masquerade`),
    rule(name, `numgen random mod ${ENDPOINTS} vmap { ${choices} }`),
    ...ips.flatMap(ip => [
      rule(endpointChain(service, ip), `ip saddr ${ip} jump mark-for-masquerade`),
      rule(endpointChain(service, ip), `meta l4proto tcp dnat to ${ip}:8080`),
    ]),
  ];
}

function endpoints(service: number, changed?: Changed): string[] {
  return Array.from({ length: ENDPOINTS }, (_, endpoint) =>
    endpointIP(service, endpoint, endpoint === changed?.endpoint ? changed.generation : 0),
  );
}

function serviceChain(service: number): string {
  return `service-${hashed(port(service))}`;
}

function endpointChain(service: number, ip: string): string {
  return `endpoint-${hashed(`${port(service)}__${ip}/8080`)}`;
}

const port = (service: number) => `default/service-${service}/tcp/http`;

/** Names begin with eight characters of their hash. */
function hashed(name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase()}-${name}`;
}
