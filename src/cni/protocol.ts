/** What a runtime says to the plugin, read and checked: environment and standard input in, a request or an error out. */

import { Ip } from '../net/ip.js';
import type { HostPort } from '../plan/attachment.js';
import { type CniError, cniError, ErrorCode } from './errors.js';

/** CNI specification versions that we speak; the results differ, see result.ts. */
export const VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type Version = (typeof VERSIONS)[number];

/** One attachment: unique by these three (CNI specification, section "Container ID"). */
export interface AttachmentRef {
  /** The network's name: the configuration's `name`. */
  readonly network: string;
  readonly containerId: string;
  /** Name of the interface inside the container. */
  readonly ifname: string;
}

/** What kubelet's runtimes tell in CNI_ARGS; nothing for a container that is no Pod. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface Common {
  readonly version: Version;
  readonly network: string;
}

export interface AddRequest extends Common {
  readonly command: 'ADD';
  readonly ref: AttachmentRef;
  /** Absolute path of the network namespace. */
  readonly netns: string;
  readonly pod?: PodIdentity;
  /** What the runtime gives for the capability `portMappings` (CNI conventions). */
  readonly hostPorts: readonly HostPort[];
  /** The configuration's `dns`, which goes into the result as it is. */
  readonly dns: Readonly<Record<string, unknown>>;
}

export interface CheckRequest extends Common {
  readonly command: 'CHECK';
  readonly ref: AttachmentRef;
  readonly netns: string;
  /** Addresses (`ip/prefix`) in the result of the ADD. */
  readonly addresses: readonly string[];
}

export interface DelRequest extends Common {
  readonly command: 'DEL';
  readonly ref: AttachmentRef;
}

export interface GcRequest extends Common {
  readonly command: 'GC';
  /** What is in use; every other attachment of the network is not. */
  readonly valid: readonly AttachmentRef[];
}

export type CniRequest =
  | AddRequest
  | CheckRequest
  | DelRequest
  | GcRequest
  | (Common & { readonly command: 'STATUS' })
  | { readonly command: 'VERSION'; readonly version: Version };

type Fields = Readonly<Record<string, unknown>>;

const LATEST: Version = '1.1.0';
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** `env` are the plugin's variables, `stdin` its whole standard input. Never throws. */
export function parseRequest(env: ReadonlyMap<string, string>, stdin: string): CniRequest | CniError {
  const config = parseConfig(stdin);
  if (!config)
    return cniError(ErrorCode.undecodable, 'the network configuration is no JSON object', stdin.slice(0, 200));
  const command = env.get('CNI_COMMAND');
  if (command === 'VERSION') return { command, version: supported(config.cniVersion) ?? LATEST };

  const version = supported(config.cniVersion);
  if (!version) return incompatible(config.cniVersion);
  const network = config.name;
  if (typeof network !== 'string' || !IDENTIFIER.test(network)) {
    return cniError(ErrorCode.badConfig, `the network's name ${JSON.stringify(network)} is missing or malformed`);
  }
  switch (command) {
    case 'STATUS':
      return { command, version, network };
    case 'GC':
      return collection(version, network, config);
    case 'ADD':
    case 'DEL':
    case 'CHECK':
      return attachment(command, version, network, env, config);
    default:
      return cniError(ErrorCode.badEnvironment, `CNI_COMMAND ${JSON.stringify(command ?? '')} is none of the six`);
  }
}

function attachment(
  command: 'ADD' | 'DEL' | 'CHECK',
  version: Version,
  network: string,
  env: ReadonlyMap<string, string>,
  config: Fields,
): CniRequest | CniError {
  const containerId = env.get('CNI_CONTAINERID') ?? '';
  if (!IDENTIFIER.test(containerId)) return badVariable('CNI_CONTAINERID', containerId);
  const ifname = env.get('CNI_IFNAME') ?? '';
  if (!isInterfaceName(ifname)) return badVariable('CNI_IFNAME', ifname);
  const ref = { network, containerId, ifname };
  // The namespace may be gone already, and what DEL removes hangs on the container's ID.
  if (command === 'DEL') return { command, version, network, ref };

  const netns = env.get('CNI_NETNS') ?? '';
  if (!netns.startsWith('/')) return badVariable('CNI_NETNS', netns);
  if (command === 'CHECK') {
    const addresses = previousAddresses(config.prevResult);
    if (!addresses) return cniError(ErrorCode.badConfig, 'CHECK needs the result of ADD as prevResult');
    return { command, version, network, ref, netns, addresses };
  }
  const args = parseArgs(env.get('CNI_ARGS') ?? '');
  if (!args) return badVariable('CNI_ARGS', env.get('CNI_ARGS') ?? '');
  const hostPorts = portMappings(fields(config.runtimeConfig)?.portMappings ?? []);
  if (!hostPorts) return cniError(ErrorCode.badConfig, 'runtimeConfig.portMappings is malformed');
  return { command, version, network, ref, netns, pod: podIdentity(args), hostPorts, dns: fields(config.dns) ?? {} };
}

/** Undefined: what was asked for cannot be told. A hostPort of 0 is none. */
function portMappings(given: unknown): HostPort[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const found: HostPort[] = [];
  for (const entry of given.map(fields)) {
    const protocol = PROTOCOLS.find(known => known === String(entry?.protocol ?? 'tcp').toUpperCase());
    const [number, containerPort, address] = [entry?.hostPort, entry?.containerPort, entry?.hostIP ?? ''];
    const hostIP = typeof address === 'string' ? Ip.parse(address) : undefined;
    if (!protocol || !isPort(containerPort) || (!hostIP && address !== '')) return undefined;
    if (number === 0) continue;
    if (!isPort(number)) return undefined;
    found.push({ protocol, number, containerPort, ...(hostIP && { hostIP }) });
  }
  return found;
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

/** Without the list of what is in use, everything would count as unused: such a GC is refused. */
function collection(version: Version, network: string, config: Fields): CniRequest | CniError {
  const key = 'cni.dev/valid-attachments';
  const list = config[key];
  if (!Array.isArray(list)) return cniError(ErrorCode.badConfig, `GC needs ${key}`);
  const valid = list.map(entry => ({
    network,
    containerId: fields(entry)?.containerID,
    ifname: fields(entry)?.ifname,
  }));
  const wrong = valid.find(entry => typeof entry.containerId !== 'string' || typeof entry.ifname !== 'string');
  if (wrong) return cniError(ErrorCode.badConfig, `an entry of ${key} lacks containerID or ifname`);
  return { command: 'GC', version, network, valid: valid as AttachmentRef[] };
}

/** Linux' own rules (dev_valid_name) and the specification's: 1..15 bytes, neither "." nor "..", no "/", ":" or white space. */
function isInterfaceName(name: string): boolean {
  return name !== '.' && name !== '..' && Buffer.byteLength(name) <= 15 && /^[^/:\s\0]+$/.test(name);
}

/** `KEY=value` pairs with ";" between them. */
function parseArgs(text: string): Map<string, string> | undefined {
  const pairs = text.split(';').filter(pair => pair !== '');
  if (pairs.some(pair => pair.indexOf('=') < 1)) return undefined;
  return new Map(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function podIdentity(args: ReadonlyMap<string, string>): PodIdentity | undefined {
  const [namespace, name] = [args.get('K8S_POD_NAMESPACE'), args.get('K8S_POD_NAME')];
  return namespace && name ? { namespace, name, uid: args.get('K8S_POD_UID') ?? '' } : undefined;
}

function previousAddresses(result: unknown): string[] | undefined {
  const ips = fields(result)?.ips;
  return Array.isArray(ips) ? ips.map(ip => String(fields(ip)?.address)) : undefined;
}

function parseConfig(stdin: string): Fields | undefined {
  try {
    return fields(JSON.parse(stdin));
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function supported(version: unknown): Version | undefined {
  return VERSIONS.find(known => known === version);
}

function incompatible(version: unknown): CniError {
  return cniError(
    ErrorCode.incompatibleVersion,
    `CNI version ${JSON.stringify(version ?? '')} is not spoken`,
    `known: ${VERSIONS.join(', ')}`,
  );
}

function badVariable(name: string, value: string): CniError {
  return cniError(ErrorCode.badEnvironment, `${name} ${JSON.stringify(value)} is missing or malformed`);
}
