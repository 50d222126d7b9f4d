/** Takes everything of podwire's off a node: kernel objects, plugin, configuration, journal. For uninstalling, never for stopping. */

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { uninstall } from '../cni/install.js';
import { diff } from '../kernel/diff.js';
import type { KernelFailure, KernelPort } from '../kernel/port.js';
import type { AgentConfig } from './config.js';
import { lockNode } from './lock.js';

/** What is ours by its name or protocol number, and nothing else; also what an older version left. Returns what the kernel kept. */
export function cleanKernel(kernel: KernelPort): readonly KernelFailure[] {
  return kernel.apply(diff(new Map(), kernel.read()));
}

/** Throws PW-N301 while an agent runs. Pods of this node lose their network. */
export function cleanup(config: AgentConfig, kernel: KernelPort): readonly KernelFailure[] {
  const unlock = lockNode(config.stateDir);
  const kept = cleanKernel(kernel);
  uninstall(config.cniBinDir, config.cniConfDir);
  rmSync(dirname(config.cniSocket), { recursive: true, force: true });
  rmSync(config.stateDir, { recursive: true, force: true });
  unlock();
  return kept;
}
