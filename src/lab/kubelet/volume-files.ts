/** The files of a configMap, secret, downwardAPI or projected volume. Pure: the objects and tokens are handed in. */

import type { Pod } from '../../objects/pod.js';
import type { Volume } from '../../objects/volume.js';
import type { FileContent } from './atomic-directory.js';
import { ConfigError, containerNamed, type References } from './environment.js';
import { fieldValue, type Placement, resourceValue } from './fields.js';

type Items = NonNullable<NonNullable<Volume['configMap']>['items']>;
type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>;
type Sources = NonNullable<NonNullable<Volume['projected']>['sources']>;

export interface VolumeInputs {
  readonly pod: Pod;
  readonly references: References;
  readonly placement: Placement;
  /** A service account's token for that audience. */
  token(path: string): string;
}

/** Undefined for other kinds of volumes. Throws ConfigError for what is missing. */
export function volumeFiles(volume: Volume, inputs: VolumeInputs): Map<string, FileContent> | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  const files = new Map<string, FileContent>();
  if (configMap) addConfigMap(files, configMap, configMap.defaultMode ?? 0o644, inputs);
  else if (secret)
    addSecret(
      files,
      { name: secret.secretName, items: secret.items, optional: secret.optional },
      secret.defaultMode ?? 0o644,
      inputs,
    );
  else if (downwardAPI) addDownward(files, downwardAPI.items ?? [], downwardAPI.defaultMode ?? 0o644, inputs);
  else if (projected) addSources(files, projected.sources ?? [], projected.defaultMode ?? 0o644, inputs);
  else return undefined;
  return files;
}

interface Source {
  readonly name?: string;
  readonly items?: Items;
  readonly optional?: boolean;
}

function addSources(files: Map<string, FileContent>, sources: Sources, mode: number, inputs: VolumeInputs): void {
  for (const { configMap, secret, downwardAPI, serviceAccountToken } of sources) {
    if (configMap) addConfigMap(files, configMap, mode, inputs);
    if (secret) addSecret(files, secret, mode, inputs);
    if (downwardAPI) addDownward(files, downwardAPI.items ?? [], mode, inputs);
    if (serviceAccountToken)
      put(files, serviceAccountToken.path, Buffer.from(inputs.token(serviceAccountToken.path)), mode);
  }
}

function addConfigMap(
  files: Map<string, FileContent>,
  source: Source,
  mode: number,
  { references }: VolumeInputs,
): void {
  const map = references.configMap(source.name ?? '');
  if (!map && !source.optional) throw new ConfigError(`configmap ${JSON.stringify(source.name)} not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(map?.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(map?.binaryData ?? {})) data.set(key, Buffer.from(base64, 'base64'));
  select(files, data, source, mode);
}

function addSecret(files: Map<string, FileContent>, source: Source, mode: number, { references }: VolumeInputs): void {
  const secret = references.secret(source.name ?? '');
  if (!secret && !source.optional) throw new ConfigError(`secret ${JSON.stringify(source.name)} not found`);
  select(
    files,
    new Map(Object.entries(secret?.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')])),
    source,
    mode,
  );
}

/** All keys, or those named by `items` at the paths that these give. */
function select(
  files: Map<string, FileContent>,
  data: ReadonlyMap<string, Uint8Array>,
  { items, optional }: Source,
  mode: number,
): void {
  if (!items) for (const [key, content] of data) put(files, key, content, mode);
  for (const item of items ?? []) {
    const content = data.get(item.key);
    if (content) put(files, item.path, content, item.mode ?? mode);
    else if (!optional) throw new ConfigError(`references non-existent config key: ${item.key}`);
  }
}

function addDownward(
  files: Map<string, FileContent>,
  items: DownwardItems,
  mode: number,
  { pod, placement }: VolumeInputs,
): void {
  for (const item of items) {
    const { fieldRef, resourceFieldRef: resource } = item;
    const container = resource && containerNamed(pod, resource.containerName);
    const value = fieldRef
      ? fieldValue(pod, fieldRef.fieldPath, placement)
      : resource && container && resourceValue(container, resource.resource, resource.divisor, placement);
    if (value === undefined)
      throw new ConfigError(`unsupported field of the downward API: ${fieldRef?.fieldPath ?? resource?.resource}`);
    put(files, item.path, Buffer.from(value), item.mode ?? mode);
  }
}

/** A path may not lead out of the volume. */
function put(files: Map<string, FileContent>, path: string, content: Uint8Array, mode: number): void {
  if (path.startsWith('/') || path.split('/').includes('..'))
    throw new ConfigError(`path ${JSON.stringify(path)} must stay inside the volume`);
  files.set(path, { content, mode });
}
