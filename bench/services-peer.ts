/** The same Services in the shape of kube-proxy's nftables mode: a chain per Service and per endpoint, loaded by `nft -f`. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { withNamespace } from '../src/host/namespace.js';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

/** nft's version line, or undefined when it is not installed. */
export function nftVersion(): string | undefined {
  try {
    return execFileSync('nft', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Loads nft commands in that namespace, by one process as kube-proxy does; milliseconds of its whole run. */
export async function load(netns: string, commands: string): Promise<number> {
  const begin = performance.now();
  await run(netns, 'nft', ['-f', '-'], commands);
  return performance.now() - begin;
}

/** Runs a program in that namespace to its end; its output. It ends with us. */
export async function run(netns: string, program: string, args: readonly string[], input = ''): Promise<string> {
  const child = withNamespace(netns, () => spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.stdin.end(input);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  process.removeListener('exit', kill);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return output;
}

export function wholeTable(services: number): string {
  const lines = [
    'table ip kube-proxy {',
    'map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }',
    'chain mark-for-masquerade { meta mark set meta mark or 0x4000; }',
    'chain services { ip daddr . meta l4proto . th dport vmap @service-ips; }',
    'chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }',
    'chain nat-output { type nat hook output priority -100; jump services; }',
  ];
  for (let service = 0; service < services; service++) {
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++)
      lines.push(`chain ${endpointChain(service, endpoint)} {`, ...endpointRules(service, endpoint), '}');
    lines.push(`chain ${serviceChain(service)} {`, ...serviceRules(service), '}');
  }
  lines.push('}');
  for (let service = 0; service < services; service++) {
    lines.push(
      `add element ip kube-proxy service-ips { ${clusterIP(service)} . tcp . 80 : goto ${serviceChain(service)} }`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** One endpoint of one Service replaced: the transaction that kube-proxy's partial sync writes. */
export function oneChange(service: number, endpoint: number, generation: number): string {
  const chain = endpointChain(service, endpoint);
  const rules = endpointRules(service, endpoint, generation).map(rule => `add rule ip kube-proxy ${chain} ${rule}`);
  return [`flush chain ip kube-proxy ${chain}`, ...rules, ''].join('\n');
}

function serviceChain(service: number): string {
  return `service-${service}`;
}

function endpointChain(service: number, endpoint: number): string {
  return `endpoint-${service}-${endpoint}`;
}

function serviceRules(service: number): string[] {
  const choices = Array.from(
    { length: ENDPOINTS },
    (_, endpoint) => `${endpoint} : goto ${endpointChain(service, endpoint)}`,
  );
  return [
    `ip daddr ${clusterIP(service)} tcp dport 80 ip saddr != 10.128.0.0/9 jump mark-for-masquerade`,
    `numgen random mod ${ENDPOINTS} vmap { ${choices.join(', ')} }`,
  ];
}

function endpointRules(service: number, endpoint: number, generation = 0): string[] {
  const ip = endpointIP(service, endpoint, generation);
  return [`ip saddr ${ip} jump mark-for-masquerade`, `meta l4proto tcp dnat to ${ip}:8080`];
}
