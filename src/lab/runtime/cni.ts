/** Calls CNI plugins as a container runtime does (CNI specification 1.1.0). Knows the protocol; refuses to know any plugin. */

import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { withNamespace } from '../../host/namespace.js';
import { pipe } from '../../host/pipes.js';
import { type Spawned, spawnProgram } from '../../host/spawn.js';

/** A network configuration list, §1. */
export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly disableCheck?: boolean;
  readonly plugins: readonly (Readonly<Record<string, unknown>> & { readonly type: string })[];
}

/** The success result of ADD, §5, as far as a runtime reads it. */
export interface NetworkResult {
  readonly cniVersion?: string;
  readonly interfaces?: readonly { readonly name: string; readonly sandbox?: string }[];
  readonly ips?: readonly { readonly address: string; readonly gateway?: string; readonly interface?: number }[];
}

export interface Attachment {
  readonly containerId: string;
  readonly netns: string;
  /** CNI_ARGS as key and value. */
  readonly args: Readonly<Record<string, string>>;
  /** By capability; a plugin gets those that its configuration asks for (§3, capabilities). */
  readonly capabilities?: Readonly<Record<string, unknown>>;
}

/** `code` and `message` are the plugin's own (§5, Error), or 0 when it gave none. */
export class CniError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'CniError';
  }
}

export interface Cni {
  /** The result of the last plugin of the chain. */
  add(attachment: Attachment): Promise<NetworkResult>;
  /** `previous` is what `add` returned, if that is known. */
  delete(attachment: Attachment, previous?: NetworkResult): Promise<void>;
  /** Rejects when the network cannot take Pods now. */
  status(): Promise<void>;
}

const IFNAME = 'eth0';
/** Milliseconds until a plugin is killed. */
const TIMEOUT = 60_000;

/** Plugins run in `netns`, the node's own network, with `binDir` as CNI_PATH; the configuration is read for each call. */
export function cni(netns: string, binDir: string, confDir: string): Cni {
  const call = (command: string, config: object, type: string, env: Record<string, string> = {}) =>
    run(netns, join(binDir, type), { CNI_COMMAND: command, CNI_PATH: binDir, ...env }, JSON.stringify(config));
  return {
    async add(attachment) {
      const list = readConfig(confDir);
      let prevResult: NetworkResult | undefined;
      for (const plugin of list.plugins) {
        const config = { ...own(list, plugin, attachment), ...(prevResult && { prevResult }) };
        prevResult = JSON.parse(await call('ADD', config, plugin.type, environment(attachment))) as NetworkResult;
      }
      return prevResult ?? {};
    },
    async delete(attachment, previous) {
      const list = readConfig(confDir);
      for (const plugin of [...list.plugins].reverse()) {
        const config = { ...own(list, plugin, attachment), ...(previous && { prevResult: previous }) };
        await call('DEL', config, plugin.type, environment(attachment));
      }
    },
    async status() {
      const list = readConfig(confDir);
      // STATUS came with version 1.1.0.
      if (!/^1\.[1-9]/.test(list.cniVersion)) return;
      for (const plugin of list.plugins) await call('STATUS', own(list, plugin), plugin.type);
    },
  };
}

/** The first list by file name, as containerd and CRI-O choose it. */
export function readConfig(confDir: string): NetworkConfig {
  const names = list(confDir).filter(name => /\.(conflist|conf|json)$/.test(name));
  for (const name of names.sort()) {
    const parsed = parse(join(confDir, name));
    if (parsed && Array.isArray(parsed.plugins) && parsed.plugins.length > 0) return parsed as NetworkConfig;
    if (parsed && 'type' in parsed) {
      const plugin = parsed as NetworkConfig['plugins'][number] & NetworkConfig;
      return { cniVersion: plugin.cniVersion, name: plugin.name, plugins: [plugin] };
    }
  }
  throw new CniError(0, `cni config uninitialized: no network configuration in ${confDir}`);
}

/** What a plugin gets on its standard input, §3 "Deriving request configuration from plugin configuration". */
function own(list: NetworkConfig, plugin: NetworkConfig['plugins'][number], attachment?: Attachment): object {
  const { capabilities = {}, ...rest } = plugin;
  const asked = Object.entries(capabilities as object).flatMap(([name, wanted]) => (wanted === true ? [name] : []));
  const given = asked.filter(name => attachment?.capabilities?.[name] !== undefined);
  const runtimeConfig = Object.fromEntries(given.map(name => [name, attachment!.capabilities![name]]));
  return { ...rest, cniVersion: list.cniVersion, name: list.name, ...(given.length > 0 && { runtimeConfig }) };
}

function environment({ containerId, netns, args }: Attachment): Record<string, string> {
  const pairs = Object.entries(args).map(([key, value]) => `${key}=${value}`);
  return { CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: IFNAME, CNI_ARGS: pairs.join(';') };
}

/** Standard output of a plugin that succeeded. */
async function run(netns: string, file: string, env: Record<string, string>, input: string): Promise<string> {
  const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
  const ends = [stdin.read, stdout.write, stderr.write];
  const variables = Object.entries({ PATH: process.env.PATH ?? '', ...env }).map(([name, value]) => `${name}=${value}`);
  let plugin: Spawned;
  try {
    plugin = withNamespace(netns, () => spawnProgram(file, [file], variables, ends, false));
  } catch (error) {
    for (const fd of [stdin.write, stdout.read, stderr.read]) closeSync(fd);
    throw new CniError(0, `failed to run plugin ${file}: ${(error as Error).message}`);
  } finally {
    for (const fd of ends) closeSync(fd);
  }
  // A plugin may end without reading; its exit code tells.
  new Socket({ fd: stdin.write, readable: false, writable: true }).on('error', () => {}).end(input);
  const late = setTimeout(() => process.kill(plugin.pid, 'SIGKILL'), TIMEOUT);
  const [output, complaint, code] = await Promise.all([all(stdout.read), all(stderr.read), plugin.exited]);
  clearTimeout(late);
  if (code === 0) return output;
  throw failure(output, complaint.trim() || `plugin ended with ${code}`);
}

async function all(fd: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of new Socket({ fd, readable: true, writable: false })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function failure(output: string, otherwise: string): CniError {
  try {
    const { code, msg, details } = JSON.parse(output) as { code: number; msg: string; details?: string };
    return new CniError(code, details ? `${msg}: ${details}` : msg);
  } catch {
    return new CniError(0, otherwise);
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function parse(file: string): Partial<NetworkConfig> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Partial<NetworkConfig>) : undefined;
  } catch {
    return undefined;
  }
}
