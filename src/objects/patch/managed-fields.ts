/** metadata.managedFields as a table of who owns which fields. Knows its encoding, order and limits; decides no conflict. */
import type { KubeObject, ManagedFieldsEntry } from '../meta.js';
import { FieldSet } from './field-set.js';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

export interface Ownership extends Manager {
  readonly fields: FieldSet;
  /** RFC 3339. */
  readonly time: string;
}

/** By `identify`. */
export type Owners = ReadonlyMap<string, Ownership>;

/** An applier is the same whatever API version it uses; an updater is another one in each. */
export function identify({ name, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify([name, operation, operation === 'Update' ? apiVersion : '', subresource]);
}

/** As conflicts name a manager: `"kubectl" using apps/v1`. */
export function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const who = JSON.stringify(name) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}

/** Entries that cannot be read count as none: a broken record must not make its object unwritable. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  const owners = new Map<string, Ownership>();
  for (const entry of entries ?? []) {
    if (entry.operation === undefined || entry.fieldsV1 === undefined) continue;
    const manager: Manager = {
      name: entry.manager ?? '',
      operation: entry.operation,
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource ?? '',
    };
    owners.set(identify(manager), { ...manager, fields: FieldSet.fromJson(entry.fieldsV1), time: entry.time ?? '' });
  }
  return owners;
}

/** The object with these owners written into it; owners of nothing are left out. */
export function writeOwners<T extends KubeObject>(object: T, owners: Owners): T {
  const entries = cap([...owners.values()].filter(owner => !owner.fields.isEmpty).sort(order)).map(entryOf);
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
}

function entryOf({ name, operation, apiVersion, subresource, fields, time }: Ownership): ManagedFieldsEntry {
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields.toJson(),
    ...(subresource && { subresource }),
  };
}

/** Appliers first, then by time, as the real server lists them. */
function order(a: Ownership, b: Ownership): number {
  return (
    compare(a.operation, b.operation) ||
    compare(a.time, b.time) ||
    compare(a.name, b.name) ||
    compare(a.subresource, b.subresource)
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Updaters beyond this number are remembered together. */
const MAX_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

function cap(owners: readonly Ownership[]): readonly Ownership[] {
  const updaters = owners.filter(owner => owner.operation === 'Update');
  if (updaters.length <= MAX_UPDATERS) return owners;
  const old = updaters.slice(0, updaters.length - MAX_UPDATERS + 1);
  const merged: Ownership = {
    ...old.at(-1)!,
    name: ANCIENT,
    subresource: '',
    fields: old.reduce((sum, owner) => sum.union(owner.fields), FieldSet.EMPTY),
  };
  return [...owners.filter(owner => owner.operation === 'Apply'), merged, ...updaters.slice(old.length)];
}
