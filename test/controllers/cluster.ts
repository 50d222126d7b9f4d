/** A cluster without a machine: an object store with an API server's manners, all controllers, and kubelets that do as told. */

import type { Change, Controller, NewObject } from '../../src/controllers/controller.js';
import { controllers, WATCHED } from '../../src/controllers/controllers.js';
import { Objects } from '../../src/controllers/objects.js';
import { canonical } from '../../src/controllers/values.js';
import { Cidr } from '../../src/net/cidr.js';
import type { Node, Pod } from '../../src/objects/kinds.js';
import { type KubeObject, type Resource, resources } from '../../src/objects/resources.js';

export const START = Date.parse('2026-01-01T00:00:00Z');

// biome-ignore lint/suspicious/noExplicitAny: a user's YAML has any field anywhere.
type Any = Record<string, any>;

export class Cluster {
  now = START;
  /** What was said about objects: `Scaled up replica set web-… from 0 to 3`. */
  readonly events: string[] = [];
  readonly objects = new Objects(WATCHED, () => this.now);
  /** How many changes were executed, by verb. */
  readonly done: Record<string, number> = {};
  readonly #controllers: readonly Controller[];
  readonly #queue = new Set<string>();
  #timers: { readonly at: number; readonly item: string }[] = [];
  #version = 0;
  /** Whether a Pod that a kubelet starts becomes ready. */
  healthy: (pod: Pod) => boolean = () => true;

  constructor(only?: readonly string[]) {
    const all = controllers([Cidr.of('10.244.0.0/16'), Cidr.of('fd00:10:244::/56')]);
    for (const resource of this.objects.resources) this.objects.listed(resource);
    this.#controllers = only ? all.filter(({ name }) => only.includes(name)) : all;
  }

  /** As a user does: `kind` and metadata.name at least. */
  create(given: NewObject): KubeObject {
    const resource = this.objects.resources.find(({ kind }) => kind === given.kind)!;
    const { generateName, ...metadata } = given.metadata as Any;
    const version = ++this.#version;
    const name = metadata.name ?? `${generateName}${version.toString(36).padStart(5, '0')}`;
    if (this.objects.get(resource, metadata.namespace, name)) throw new Error(`${name} exists`);
    const time = new Date(this.now).toISOString();
    const born = { uid: `uid-${version}`, resourceVersion: `${version}`, generation: 1, creationTimestamp: time };
    const object = {
      apiVersion: `${resource.group ? `${resource.group}/` : ''}${resource.version}`,
      ...given,
      metadata: { ...metadata, name, ...born },
    };
    this.#put(resource, JSON.parse(JSON.stringify(object)));
    return this.get(resource, name, metadata.namespace)!;
  }

  /** A user's edit: `change` gets a copy of the whole object. */
  edit<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    change: (object: Any) => void,
    namespace = resource.namespaced ? 'default' : undefined,
  ): void {
    const object = structuredClone(this.get(resource, name, namespace)) as Any;
    change(object);
    this.#update(resource as unknown as Resource, object as KubeObject, true);
  }

  remove<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    propagationPolicy?: 'Orphan' | 'Foreground',
    namespace = resource.namespaced ? 'default' : undefined,
  ): void {
    const object = this.get(resource, name, namespace)! as unknown as KubeObject;
    this.#delete({ do: 'delete', resource: resource as unknown as Resource, object, propagationPolicy });
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace = resource.namespaced ? 'default' : undefined,
  ): T | undefined {
    return this.objects.get(resource, namespace, name);
  }

  list<T extends KubeObject>(resource: Resource<T>): readonly T[] {
    return this.objects.list(resource);
  }

  node(name: string, more: Any = {}): void {
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date(this.now).toISOString() }];
    const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, conditions };
    this.create({
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
      spec: more.spec ?? {},
      status,
    });
  }

  /** Lets the controllers work until nothing changes. */
  settle(): this {
    for (let round = 0; this.#queue.size; round++) {
      if (round > 20_000) throw new Error(`no end of: ${[...this.#queue].join(', ')}`);
      const [item] = this.#queue;
      this.#queue.delete(item!);
      this.#reconcile(item!);
    }
    return this;
  }

  /** Controllers and kubelets by turns, until nothing changes; a kubelet starts or ends one Pod at a time. */
  run(): this {
    do this.settle();
    while (this.kubelet());
    return this;
  }

  /** Nodes whose kubelet has stopped: they send no heartbeat when time passes. */
  readonly silent = new Set<string>();

  /** Time passes, and with it what waited for it. */
  advance(seconds: number): this {
    this.now += seconds * 1000;
    for (const node of this.list(resources.nodes)) if (!this.silent.has(node.metadata.name)) this.#beat(node);
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { item } of due) this.#queue.add(item);
    return this;
  }

  #beat(node: Node): void {
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date(this.now).toISOString() }];
    this.#update(resources.nodes as unknown as Resource, { ...node, status: { ...node.status, conditions } }, false);
  }

  /** One step of one kubelet; false when there is nothing to do. */
  kubelet(): boolean {
    const all = this.objects.list(resources.pods);
    const ending = all.find(pod => pod.metadata.deletionTimestamp);
    if (ending) {
      this.#gone(resources.pods as unknown as Resource, ending);
      return true;
    }
    const pod = all.find(({ spec, status }) => spec.nodeName && !status?.podIP);
    if (!pod) return false;
    const number = pod.metadata.uid!.slice(4);
    const ready = this.healthy(pod) ? 'True' : 'False';
    const time = new Date(this.now).toISOString();
    this.status(pod, {
      phase: 'Running',
      podIP: `10.244.0.${number}`,
      podIPs: [{ ip: `10.244.0.${number}` }, { ip: `fd00:10:244::${number}` }],
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: time }],
    });
    return true;
  }

  /** What a kubelet reports of a Pod. */
  status(pod: Pod, status: Any): void {
    this.#update(resources.pods as unknown as Resource, { ...pod, status: { ...pod.status, ...status } }, false);
  }

  finish(name: string, phase: 'Succeeded' | 'Failed'): void {
    const finishedAt = new Date(this.now).toISOString();
    const containerStatuses = [
      { name: 'c', restartCount: 0, state: { terminated: { exitCode: phase === 'Failed' ? 1 : 0, finishedAt } } },
    ];
    this.status(this.get(resources.pods, name)!, { phase, conditions: [], containerStatuses });
  }

  #reconcile(item: string): void {
    const space = item.indexOf(' ');
    const controller = this.#controllers.find(({ name }) => name === item.slice(0, space))!;
    for (const change of controller.reconcile(this.objects, item.slice(space + 1))) this.#execute(change, item);
  }

  #execute(change: Change, item: string): void {
    this.done[change.do] = (this.done[change.do] ?? 0) + 1;
    if (change.do === 'again') this.#timers.push({ at: this.now + change.after, item });
    else if (change.do === 'event') this.events.push(`${change.reason}: ${change.message}`);
    else if (change.do === 'create') {
      const made = this.create(change.object);
      if (change.event)
        this.events.push(`${change.event.reason}: ${change.event.message.replace('{name}', made.metadata.name)}`);
    } else if (change.do === 'update') this.#update(change.resource, change.object, true);
    else if (change.do === 'status') this.#update(change.resource, change.object, false);
    else if (change.do === 'delete') this.#delete(change);
    else if (change.do === 'finalize') this.#update(change.resource, change.object, true);
    else if (change.do === 'deleteAll') {
      for (const object of this.objects.list(change.resource, change.namespace))
        this.#delete({ do: 'delete', resource: change.resource, object });
    } else if (change.do === 'bind') {
      const pod = this.objects.get(resources.pods, change.object.metadata.namespace, change.object.metadata.name)!;
      this.#update(change.resource, { ...pod, spec: { ...pod.spec, nodeName: change.node } }, false);
    }
  }

  #update(resource: Resource, object: KubeObject, bySpec: boolean): void {
    const { namespace, name, resourceVersion } = object.metadata;
    const present = this.objects.get(resource, namespace, name);
    // A conflict: whoever was late looks again.
    if (!present || present.metadata.resourceVersion !== resourceVersion) return;
    const next = JSON.parse(
      JSON.stringify(
        bySpec ? { ...object, status: present.status } : { ...object, metadata: present.metadata, spec: object.spec },
      ),
    );
    const changed = canonical(next.spec) !== canonical(present.spec);
    next.metadata = {
      ...next.metadata,
      resourceVersion: `${++this.#version}`,
      generation: (present.metadata.generation ?? 1) + (changed && bySpec ? 1 : 0),
    };
    const released =
      next.metadata.deletionTimestamp &&
      !next.metadata.finalizers?.length &&
      !next.spec?.finalizers?.length &&
      resource.kind !== 'Pod';
    if (released) this.#gone(resource, present);
    else this.#put(resource, next);
  }

  /** Pods go when their kubelet has ended them; other objects at once, unless a finalizer holds them. */
  #delete({
    resource,
    object,
    propagationPolicy,
    gracePeriodSeconds,
    ifGone = [],
  }: Extract<Change, { do: 'delete' }>): void {
    if (ifGone.some(owner => owner.uid && this.objects.byUid(owner.uid))) return;
    const present = this.objects.get(resource, object.metadata.namespace, object.metadata.name);
    if (!present || present.metadata.uid !== object.metadata.uid) return;
    const extra =
      propagationPolicy === 'Foreground' ? ['foregroundDeletion'] : propagationPolicy === 'Orphan' ? ['orphan'] : [];
    const finalizers = [...new Set([...(present.metadata.finalizers ?? []), ...extra])];
    const spec = present.spec as Any | undefined;
    const graceful = resource.kind === 'Pod' && gracePeriodSeconds !== 0 && spec?.nodeName;
    if (!graceful && finalizers.length === 0 && !(resource.kind === 'Namespace' && spec?.finalizers?.length))
      return this.#gone(resource, present);
    if (present.metadata.deletionTimestamp) return;
    const metadata = {
      ...present.metadata,
      finalizers,
      deletionTimestamp: new Date(this.now).toISOString(),
      resourceVersion: `${++this.#version}`,
    };
    this.#put(resource, { ...present, metadata });
  }

  #put(resource: Resource, object: KubeObject): void {
    const before = this.objects.get(resource, object.metadata.namespace, object.metadata.name);
    this.objects.put(resource, object);
    if (before) this.#touch(resource, before);
    this.#touch(resource, object);
  }

  #gone(resource: Resource, object: KubeObject): void {
    this.objects.delete(resource, object);
    this.#touch(resource, object);
  }

  #touch(resource: Resource, object: KubeObject): void {
    for (const controller of this.#controllers) {
      if (controller.watches !== 'all' && !controller.watches.includes(resource)) continue;
      for (const key of controller.keys(object, this.objects)) this.#queue.add(`${controller.name} ${key}`);
    }
  }
}

/** A Pod template with one container of that image. */
export const template = (app: string, image = 'pause', spec: Any = {}) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image, ports: [{ name: 'http', containerPort: 8080 }] }], ...spec },
});

export const workload = (kind: string, name: string, spec: Any): NewObject => ({
  kind,
  metadata: { name, namespace: 'default' },
  spec: { selector: { matchLabels: { app: name } }, template: template(name), ...spec },
});
