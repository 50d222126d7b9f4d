/** A lab's settings on disk: written whole or not at all, read with every doubt named. */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PodwireError } from '../report/errors.js';
import { type LabConfig, labConfig } from './config.js';

/** The settings that the lab was made with, if there is one. A file that cannot be read is a PW-L807, and stays as it is. */
export function savedConfig(path: string): LabConfig | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return labConfig(JSON.parse(readFileSync(path, 'utf8')) as LabConfig);
  } catch (error) {
    throw new PodwireError('PW-L807', { file: path, problem: (error as Error).message });
  }
}

export function saveConfig(path: string, config: LabConfig): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(config, null, 2));
  renameSync(`${path}.new`, path);
}
