/** A Pod's volumes as directories of the machine, and where containers see them. Knows directories; the files' content is volume-files'. */

import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MNT_DETACH, mount, umount2 } from '../../host/libc.js';
import type { Container } from '../../objects/container.js';
import type { Pod } from '../../objects/pod.js';
import { parseQuantity } from '../../objects/quantity.js';
import type { Volume } from '../../objects/volume.js';
import type { ContainerMount } from '../runtime/container.js';
import { within } from '../runtime/layers.js';
import { writeAtomically } from './atomic-directory.js';
import { ConfigError } from './environment.js';
import { expand } from './expand.js';
import { type VolumeInputs, volumeFiles } from './volume-files.js';

export interface VolumePlaces {
  /** The Pod's own directory. */
  readonly pod: string;
  /** Where claims are kept, beyond the life of a Pod. */
  readonly claims: string;
}

/** Makes or refreshes a volume. Throws ConfigError, or a system error of the machine. */
export function prepareVolume(volume: Volume, places: VolumePlaces, inputs: VolumeInputs): void {
  const path = volumePath(volume, places, inputs.pod);
  const files = volumeFiles(volume, inputs);
  if (files) writeAtomically(path, files);
  else if (volume.hostPath) prepareHostPath(volume.hostPath);
  else if (volume.emptyDir) emptyDirectory(path, volume.emptyDir, inputs.pod);
  else mkdirSync(path, { recursive: true });
}

/** Where the volume is on the machine. */
export function volumePath(volume: Volume, places: VolumePlaces, pod: Pod): string {
  const { hostPath, persistentVolumeClaim: claim, ephemeral } = volume;
  if (hostPath) return hostPath.path;
  const claimName = claim?.claimName ?? (ephemeral && `${pod.metadata.name}-${volume.name}`);
  if (claimName) return join(places.claims, pod.metadata.namespace ?? 'default', claimName);
  const known = ['emptyDir', 'configMap', 'secret', 'downwardAPI', 'projected'];
  const kind =
    Object.keys(volume).find(key => key !== 'name' && volume[key as keyof Volume] !== undefined) ?? 'emptyDir';
  if (!known.includes(kind)) throw new ConfigError(`the lab has no volumes of kind ${kind}`);
  return join(places.pod, 'volumes', volume.name);
}

/** Unmounts what the Pod's volumes mounted; their files go with the Pod's directory. */
export function releaseVolumes(pod: Pod, places: VolumePlaces): void {
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.emptyDir?.medium !== 'Memory') continue;
    try {
      umount2(volumePath(volume, places, pod), MNT_DETACH);
    } catch {
      // It was not mounted.
    }
  }
}

/** The container's mounts, parents before what lies in them. */
export function containerMounts(
  pod: Pod,
  container: Container,
  places: VolumePlaces,
  variables: ReadonlyMap<string, string>,
): ContainerMount[] {
  const mounts = (container.volumeMounts ?? []).map((wanted): ContainerMount => {
    const volume = pod.spec.volumes?.find(({ name }) => name === wanted.name);
    if (!volume) throw new ConfigError(`volume ${JSON.stringify(wanted.name)} not found`);
    const root = volumePath(volume, places, pod);
    const subPath =
      wanted.subPathExpr === undefined ? wanted.subPath : expand(wanted.subPathExpr, name => variables.get(name));
    const source = subPath ? inside(root, subPath) : root;
    return {
      source,
      target: join('/', wanted.mountPath),
      readOnly: wanted.readOnly === true,
      directory: statSync(source).isDirectory(),
    };
  });
  return mounts.sort((a, b) => a.target.length - b.target.length);
}

/** A path below `root`, made a directory if nothing is there. A link that leads out of the volume is refused (CVE-2017-1002101). */
function inside(root: string, subPath: string): string {
  const path = join(root, subPath);
  if (!within(path, root)) throw new ConfigError(`subPath ${JSON.stringify(subPath)} leads out of the volume`);
  mkdirSync(existsSync(path) ? dirname(path) : path, { recursive: true });
  const real = realpathSync(path);
  if (!within(real, realpathSync(root)))
    throw new ConfigError(`subPath ${JSON.stringify(subPath)} leads out of the volume`);
  return real;
}

function emptyDirectory(path: string, { medium, sizeLimit }: NonNullable<Volume['emptyDir']>, pod: Pod): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  if (medium === 'Memory') {
    const bytes = (parseQuantity(sizeLimit ?? '0')?.nano ?? 0n) / 1_000_000_000n;
    mount('tmpfs', path, 'tmpfs', 0, bytes > 0n ? `size=${bytes}` : null);
  }
  const group = pod.spec.securityContext?.fsGroup;
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, group === undefined ? 0o777 : 0o2777);
}

/** The Pod API's hostPath types. */
function prepareHostPath({ path, type = '' }: NonNullable<Volume['hostPath']>): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  const checks: Readonly<Record<string, boolean | undefined>> = {
    Directory: stat?.isDirectory(),
    File: stat?.isFile(),
    Socket: stat?.isSocket(),
    CharDevice: stat?.isCharacterDevice(),
    BlockDevice: stat?.isBlockDevice(),
    DirectoryOrCreate: !stat || stat.isDirectory(),
    FileOrCreate: !stat || stat.isFile(),
    '': true,
  };
  if (!checks[type])
    throw new ConfigError(`hostPath type check failed: ${path} is not a ${type.replace('OrCreate', '').toLowerCase()}`);
  if (stat) return;
  if (type === 'FileOrCreate') writeFileSync(path, '', { mode: 0o644, flag: 'a' });
  else mkdirSync(path, { recursive: true, mode: 0o755 });
}
