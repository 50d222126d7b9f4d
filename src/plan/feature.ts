/** What a feature of the plan is: for each subject of one kind, the kernel objects that it wants. Knows no feature. */

import type { KernelObject } from '../kernel/port.js';
import type { Cluster, NamespaceEntry, NodeEntry, PodEntry, ServiceEntry } from '../model/cluster.js';
import type { PolicyEntry } from '../model/policy.js';
import type { Attachment } from './attachment.js';
import type { PolicyUse } from './policy/use.js';
import type { Settings } from './settings.js';

/** All that a plan may depend on. */
export interface World {
  readonly cluster: Cluster;
  /** The node planned for. */
  readonly nodeName: string;
  readonly settings: Settings;
  /** By id. */
  readonly attachments: ReadonlyMap<string, Attachment>;
  readonly policies: PolicyUse;
}

/** The kinds of subject and what is known of one. `Self` is the node itself: one subject, there from the start. */
export interface Subjects {
  readonly Self: Settings;
  readonly Attachment: Attachment;
  readonly Node: NodeEntry;
  readonly Namespace: NamespaceEntry;
  readonly Pod: PodEntry;
  readonly Service: ServiceEntry;
  readonly Policy: PolicyEntry;
}

/**
 * A pure function of one subject and the settings. A change of a subject touches the owners of the features that are
 * `per` its kind, and no others: that is why a change costs what the change is worth.
 */
export interface FeatureOf<K extends keyof Subjects> {
  /** The word in owners, logs and metrics; the folder's name, or begins with it. */
  readonly name: string;
  readonly per: K;
  plan(subject: Subjects[K], world: World): Plan;
}

export type Feature = { readonly [K in keyof Subjects]: FeatureOf<K> }[keyof Subjects];

/**
 * What one owner wants. Several owners may want one and the same object (the chain for N endpoints, the bridge of all
 * Pods): it is there as long as one of them does, which the reconciler counts. Then all must want it alike.
 */
export type Plan = readonly KernelObject[];

/** Who wants a group of kernel objects: `services Service default/web`. */
export type Owner = string;

/** What a change does to the wanted state: the owners it touched with all their objects, none when the owner is no more. */
export type PlanChange = ReadonlyMap<Owner, Plan>;

export const NOTHING: Plan = [];
