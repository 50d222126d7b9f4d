/** Which file systems of the machine make up a container's root. Reads the mount table; mounts nothing. */

import { statSync } from 'node:fs';

export interface Layer {
  /** Where it is mounted on the machine; '/' first. */
  readonly path: string;
  /** Whether it can be the lower part of an overlay; if not, it is shown read-only. */
  readonly writable: boolean;
}

/** Types that hold programs and files. Those of the kernel, of memory and of the network's moods are left out. */
const OVERLAID = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'zfs',
  'erofs',
  'squashfs',
  'overlay',
  'bcachefs',
]);
const SHOWN = new Set(['nfs', 'nfs4', '9p', 'virtiofs', 'vfat', 'iso9660', 'fuseblk']);

/** `mountInfo` is the text of /proc/self/mountinfo (proc(5)); file systems at or below `hidden` directories are left out. */
export function layers(mountInfo: string, hidden: readonly string[], isDirectory = aDirectory): readonly Layer[] {
  const found = new Map<string, Layer>([['/', { path: '/', writable: true }]]);
  for (const line of mountInfo.split('\n')) {
    const [fields, rest] = line.split(' - ');
    const path = fields
      ?.split(' ')[4]
      ?.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const type = rest?.split(' ')[0] ?? '';
    if (!path || path === '/' || hidden.some(directory => within(path, directory))) continue;
    // A later mount on the same place covers the earlier one.
    found.delete(path);
    // The options of a mount are separated by commas, and the layers of an overlay by colons.
    const writable = OVERLAID.has(type) && !/[,:\\]/.test(path);
    if ((writable || SHOWN.has(type)) && isDirectory(path)) found.set(path, { path, writable });
  }
  return [...found.values()];
}

/** Where the private copy of `path` lies, before the overlays are mounted. */
export function upper(scratch: string, all: readonly Layer[], path: string): string {
  let best = 0;
  for (const [i, layer] of all.entries())
    if (within(path, layer.path) && layer.path.length > all[best]!.path.length) best = i;
  const rest = all[best]!.path === '/' ? path : path.slice(all[best]!.path.length);
  return `${scratch}/upper${best}${rest}`;
}

export function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function aDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
