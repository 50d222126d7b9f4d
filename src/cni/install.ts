/** Puts the plugin and its configuration where a container runtime looks for them. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHITECTURES, type Architecture, emitShim } from './shim/emit.js';

/** The executable's name is the `type` in a network configuration. */
export const PLUGIN = 'podwire';
const CONFLIST = '10-podwire.conflist';

/** The plugin that asks the agent on `socketPath`; on a processor that we emit no code for, a script that needs `node`. */
export function installPlugin(directory: string, socketPath: string, arch: string = process.arch): void {
  replace(directory, PLUGIN, plugin(socketPath, arch), 0o755);
}

export function plugin(socketPath: string, arch: string): Uint8Array {
  if ((ARCHITECTURES as readonly string[]).includes(arch)) return emitShim({ arch: arch as Architecture, socketPath });
  const client = new URL('shim/client.js', import.meta.url).pathname;
  return Buffer.from(`#!/bin/sh\nexec ${quote(process.execPath)} ${quote(client)} ${quote(socketPath)}\n`);
}

/** A runtime takes the node for ready when this file is there: write it when the agent can answer ADD. */
export function installConfig(directory: string): void {
  const config = {
    cniVersion: '1.1.0',
    name: 'podwire',
    plugins: [{ type: PLUGIN, capabilities: { portMappings: true } }],
  };
  replace(directory, CONFLIST, Buffer.from(`${JSON.stringify(config, null, 2)}\n`), 0o644);
}

export function uninstall(binDirectory?: string, confDirectory?: string): void {
  if (binDirectory) rmSync(join(binDirectory, PLUGIN), { force: true });
  if (confDirectory) rmSync(join(confDirectory, CONFLIST), { force: true });
}

/** Whole or not at all: a runtime may read or run it at any moment, and a running executable cannot be written. */
function replace(directory: string, name: string, content: Uint8Array, mode: number): void {
  mkdirSync(directory, { recursive: true });
  const temporary = join(directory, `.${name}.${process.pid}`);
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, join(directory, name));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
