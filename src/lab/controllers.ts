/** Runs the controllers against an API: watches feed the view, changed keys are reconciled, changes are executed. Decides nothing. */

import { setMaxListeners } from 'node:events';
import type { Api } from '../client/api.js';
import { path } from '../client/api.js';
import { type EventRecorder, eventRecorder } from '../client/events.js';
import { ApiFailure } from '../client/failure.js';
import { reflect } from '../client/reflector.js';
import type { Change, Controller, OwnerAt } from '../controllers/controller.js';
import { controllers, WATCHED } from '../controllers/controllers.js';
import { Objects } from '../controllers/objects.js';
import { same } from '../controllers/values.js';
import { Cidr } from '../net/cidr.js';
import { apiVersionOf, type KubeObject, type Resource, resources } from '../objects/resources.js';
import { logger } from '../report/log.js';
import { CustomWatches } from './custom-watches.js';
import { WorkQueue } from './work-queue.js';

export interface ControllersOptions {
  readonly api: Api;
  readonly signal: AbortSignal;
  /** The cluster's ranges for Pods; left out: the nodes' podCIDRs are set by somebody else. */
  readonly podCidrs?: readonly string[];
  readonly now?: () => number;
}

const log = logger('controllers');

const DEFINITIONS = resources.customresourcedefinitions;

/** How many creations and deletions of one reconciliation are under way at once. */
const AT_ONCE = 32;

/** Resolves when `signal` has aborted and all watches have ended. */
export async function runControllers({ api, signal, podCidrs = [], now }: ControllersOptions): Promise<void> {
  const runner = new Runner(api, new Objects(WATCHED, now), controllers(podCidrs.map(Cidr.of)), signal);
  await runner.run();
}

/** The version that a reconciliation saw of an object, and the one that it wrote. */
interface Versions {
  readonly seen: string | undefined;
  readonly written: string | undefined;
}

class Runner {
  readonly #queue: WorkQueue;
  readonly #byName: ReadonlyMap<string, Controller>;
  readonly #events: EventRecorder;
  readonly #custom = new CustomWatches(this);
  /** Watches that have not ended. */
  readonly #running = new Set<Promise<void>>();

  constructor(
    readonly api: Api,
    readonly objects: Objects,
    readonly list: readonly Controller[],
    readonly signal: AbortSignal,
  ) {
    this.#queue = new WorkQueue(item => this.#work(item), signal);
    this.#byName = new Map(list.map(controller => [controller.name, controller]));
    this.#events = eventRecorder(api, { component: 'podwire-controllers' });
  }

  async run(): Promise<void> {
    // One watch per resource, each with requests under way: many listeners are no leak here.
    setMaxListeners(0, this.signal);
    this.#queue.pause();
    for (const resource of this.objects.resources) this.#start(resource, this.signal);
    while (this.#running.size) await Promise.all(this.#running);
    await this.#events.close();
  }

  #start(resource: Resource, signal: AbortSignal): void {
    const watch = this.#watch(resource, signal).finally(() => this.#running.delete(watch));
    this.#running.add(watch);
  }

  /** A resource that a definition added. */
  follow(resource: Resource, signal: AbortSignal): void {
    this.objects.watch(resource);
    this.#start(resource, AbortSignal.any([signal, this.signal]));
  }

  /** A resource that is no more, and its objects with it. */
  forget(resource: Resource): void {
    for (const object of this.objects.forget(resource)) this.#touch(resource, object);
    this.#listed();
  }

  async #watch(resource: Resource, signal: AbortSignal): Promise<void> {
    for await (const change of reflect(this.api, resource, { signal })) {
      // What was under way when the resource went.
      if (signal.aborted) return;
      if (change.type === 'upsert') this.#seen(resource, change.object);
      else if (change.type === 'delete') this.#gone(resource, change.object);
      else if (this.objects.listed(resource)) this.#listed();
    }
  }

  /** Nothing is decided before everything was seen once: an owner not yet listed is not a missing one. */
  #listed(): void {
    if (this.objects.complete) this.#queue.start();
  }

  #seen(resource: Resource, object: KubeObject): void {
    const before = this.objects.get(resource, object.metadata.namespace, object.metadata.name);
    if (!this.objects.put(resource, object)) return;
    // What it was may matter to others than what it is.
    if (before && moved(before, object)) this.#touch(resource, before);
    this.#touch(resource, object);
  }

  #gone(resource: Resource, object: KubeObject): void {
    if (this.objects.delete(resource, object)) this.#touch(resource, object);
  }

  #touch(resource: Resource, object: KubeObject): void {
    if (resource.kind === DEFINITIONS.kind) {
      const { name } = object.metadata;
      this.#custom.update(name, this.objects.get(DEFINITIONS, undefined, name));
    }
    for (const controller of this.list) {
      if (controller.watches !== 'all' && !controller.watches.includes(resource)) continue;
      for (const key of controller.keys(object, this.objects))
        this.#queue.add(`${controller.name} ${key}`, controller.delay);
    }
  }

  /** Reconciles one key; returns after how many milliseconds it must be looked at again. Throws what the server refused. */
  async #work(item: string): Promise<number | undefined> {
    const space = item.indexOf(' ');
    const controller = this.#byName.get(item.slice(0, space))!;
    const changes = controller.reconcile(this.objects, item.slice(space + 1));
    const waits: number[] = [];
    const own = new Map<string, Versions>();
    let parallel: Promise<void>[] = [];
    try {
      for (const change of changes) {
        if (change.do === 'again') waits.push(change.after);
        else if (change.do === 'event') this.#say(change.object, change.type, change.reason, change.message);
        else {
          // What is listed after a creation or deletion may rest on it, but those of one kind do not rest on each other.
          if (!CONCURRENT.has(change.do) || parallel.length >= AT_ONCE) await all(parallel.splice(0));
          const done = this.#execute(change, own);
          if (CONCURRENT.has(change.do)) parallel.push(done);
          else await done;
        }
      }
    } finally {
      const rest = parallel;
      parallel = [];
      await all(rest);
    }
    return waits.length ? Math.min(...waits) : undefined;
  }

  async #execute(change: Change, own: Map<string, Versions>): Promise<void> {
    const { api } = this;
    switch (change.do) {
      case 'create': {
        const { resource, object, event } = change;
        const made = await api.create(resource, object as unknown as KubeObject);
        this.#seen(resource, made);
        if (event) this.#say(event.owner, 'Normal', event.reason, event.message.replace('{name}', made.metadata.name));
        return;
      }
      case 'update':
        return this.#write(change.resource, change.object, object => api.update(change.resource, object), own);
      case 'status':
        return this.#write(change.resource, change.object, object => api.updateStatus(change.resource, object), own);
      case 'finalize': {
        const at = `${path(change.resource, undefined, change.object.metadata.name)}/finalize`;
        await api.request('PUT', at, change.object);
        return;
      }
      case 'deleteAll':
        await api.request('DELETE', path(change.resource, change.namespace));
        return;
      case 'delete':
        return this.#delete(change);
      case 'bind':
        return this.#bind(change.resource, change.object, change.node);
    }
  }

  /** A second write of one reconciliation goes on from the first; anybody else's write in between is a conflict. */
  async #write(
    resource: Resource,
    object: KubeObject,
    send: (object: KubeObject) => Promise<KubeObject>,
    own: Map<string, Versions>,
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const last = own.get(uid!);
    const metadata =
      last?.seen === resourceVersion ? { ...object.metadata, resourceVersion: last?.written } : object.metadata;
    const written = await send({ ...object, metadata });
    own.set(uid!, { seen: last?.seen ?? resourceVersion, written: written.metadata.resourceVersion });
    this.#seen(resource, written);
  }

  async #delete({ resource, object, ifGone = [], ...options }: Extract<Change, { do: 'delete' }>): Promise<void> {
    for (const owner of ifGone) if (await this.#exists(owner)) return;
    const { namespace, name, uid } = object.metadata;
    const { gracePeriodSeconds, propagationPolicy } = options;
    const body = { gracePeriodSeconds, propagationPolicy, preconditions: { uid } };
    try {
      const left = await this.api.delete(resource, { namespace, name }, body);
      if (left.kind === resource.kind && left.metadata?.deletionTimestamp) this.#seen(resource, left);
      else this.#gone(resource, object);
    } catch (error) {
      if (!ApiFailure.isNotFound(error)) throw error;
      this.#gone(resource, object);
    }
  }

  async #exists({ resource, namespace, name, uid }: OwnerAt): Promise<boolean> {
    try {
      const found = await this.api.get(resource, { namespace, name });
      return uid === '' || found.metadata.uid === uid;
    } catch (error) {
      if (ApiFailure.isNotFound(error)) return false;
      throw error;
    }
  }

  /** The watch will bring the bound Pod; until then it is assumed, or the next round would place it again. */
  async #bind(resource: Resource, pod: KubeObject, node: string): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    };
    await this.api.request('POST', `${path(resource, namespace, name)}/binding`, binding);
    const now = this.objects.get(resources.pods, namespace, name);
    if (now && now.metadata.uid === uid && !now.spec.nodeName) {
      this.#seen(resource, { ...now, spec: { ...now.spec, nodeName: node } } as unknown as KubeObject);
    }
  }

  #say(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { namespace, name, uid } = object.metadata;
    const resource = this.objects.resources.find(
      one => one.kind === object.kind && apiVersionOf(one) === object.apiVersion,
    );
    if (!resource) log.debug('event on an unknown kind', { kind: object.kind });
    this.#events.record(
      { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid },
      type,
      reason,
      message,
    );
  }
}

/** It left somebody: a label gone, an owner lost. */
function moved({ metadata: a }: KubeObject, { metadata: b }: KubeObject): boolean {
  return !same(a.labels, b.labels) || !same(a.ownerReferences, b.ownerReferences);
}

const CONCURRENT: ReadonlySet<Change['do']> = new Set(['create', 'delete', 'bind', 'deleteAll'] as const);

/** Waits for all, then throws the first failure. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}
