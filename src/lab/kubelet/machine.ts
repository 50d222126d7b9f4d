/** The machine as a Node object describes it. Reads it once. */

import { readFileSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { MachineDescription } from './node-object.js';

const ARCHS: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export function describeMachine(version: string): MachineDescription {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      return '';
    }
  };
  return {
    cpus: availableParallelism(),
    memory: totalmem(),
    arch: ARCHS[arch()] ?? arch(),
    kernel: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    machineId: read('/etc/machine-id'),
    bootId: read('/proc/sys/kernel/random/boot_id'),
    version,
  };
}
