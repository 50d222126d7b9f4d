/** The kubelet of one node of the lab: Pods as namespaces and processes of this machine. Composes; each part knows its own. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeProxy } from '../../apiserver/node-proxy.js';
import type { Api } from '../../client/api.js';
import { eventRecorder } from '../../client/events.js';
import type { ClusterNames } from '../../dns/resolv-conf.js';
import type { ConfigMap, Secret } from '../../objects/config.js';
import type { Pod } from '../../objects/pod.js';
import { resources } from '../../objects/resources.js';
import { installBusybox } from '../images/busybox.js';
import { thisMachine } from '../images/catalogue.js';
import { cni } from '../runtime/cni.js';
import { layers } from '../runtime/layers.js';
import { describeMachine } from './machine.js';
import type { NodeContext } from './node-context.js';
import { heartbeat } from './node-heartbeat.js';
import { capacity, type NodeDescription } from './node-object.js';
import { PodWorker } from './pod-worker.js';
import { nodeProxy } from './proxy.js';
import { readRecords } from './record.js';
import { endStrays } from './strays.js';
import { watched } from './watched.js';

export interface KubeletOptions {
  readonly api: Api;
  readonly node: NodeDescription;
  /** The node's network namespace. */
  readonly netns: string;
  /** Path of the network namespace of the Pod with that uid. */
  podNetns(uid: string): string;
  /** Of this node alone; lives as long as the lab: Pods' records, logs and volumes. */
  readonly runDir: string;
  /** Survives the lab's end: the volumes of PersistentVolumeClaims, shared by all nodes. */
  readonly claimsDir: string;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  readonly cluster: ClusterNames;
  /** Directories of the machine that no container may see, beside the usual ones: the lab's keys are there. */
  readonly hidden: readonly string[];
  /** The Kubernetes release that the node says it is, as `v1.32.0`. */
  readonly version: string;
}

export interface Kubelet extends NodeProxy {
  readonly node: string;
  /** Whether the Pod is here; a NodeProxy for all nodes asks the right one. */
  has(namespace: string, name: string): boolean;
  /** Lets go of all Pods; they go on, and the next kubelet adopts them. */
  stop(): Promise<void>;
}

/** Directories that every container has for itself, with their modes. */
const PRIVATE: readonly (readonly [string, number])[] = [
  ['/dev', 0o755],
  ['/tmp', 0o1777],
  ['/run', 0o755],
];

export function startKubelet(options: KubeletOptions): Kubelet {
  const { api, node, runDir } = options;
  const podsDir = join(runDir, 'pods');
  const scratch = join(runDir, 'scratch');
  mkdirSync(podsDir, { recursive: true, mode: 0o700 });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });

  const stopped = new AbortController();
  const machine = describeMachine(options.version);
  const events = eventRecorder(api, { component: 'kubelet', host: node.name });
  const network = cni(options.netns, options.cniBinDir, options.cniConfDir);
  const hidden = new Map([...PRIVATE, ...options.hidden.map((path): [string, number] => [path, 0o700])]);

  const services = watched(api, resources.services, {}, stopped.signal);
  const changed = (kind: 'configMap' | 'secret') => (object: ConfigMap | Secret) => {
    for (const worker of workers.values()) if (refersTo(worker.pod(), kind, object.metadata)) worker.refreshVolumes();
  };
  const configMaps = watched(api, resources.configmaps, {}, stopped.signal, changed('configMap'));
  const secrets = watched(api, resources.secrets, {}, stopped.signal, changed('secret'));

  const context: NodeContext = {
    name: node.name,
    api,
    events,
    netns: options.netns,
    hostIPs: node.addresses,
    cni: network,
    machine: thisMachine(runDir, installBusybox),
    cluster: options.cluster,
    scratch,
    hidden,
    layers: () => layers(readFileSync('/proc/self/mountinfo', 'utf8'), [...hidden.keys(), '/proc', '/sys']),
    podNetns: options.podNetns,
    places: uid => ({ pod: join(podsDir, uid), claims: options.claimsDir }),
    references: namespace => ({
      configMap: name => configMaps.get(namespace, name),
      secret: name => secrets.get(namespace, name),
    }),
    services: () => services.values(),
    placement: podIPs => ({ podIPs, hostIPs: node.addresses, allocatable: capacity(machine) }),
  };

  const workers = new Map<string, PodWorker>();
  const records = readRecords(podsDir);
  endStrays([...records.values()].map(({ state }) => state));
  const begin = (pod: Pod, uid: string) => {
    const record = records.get(uid);
    records.delete(uid);
    const worker = new PodWorker(context, pod, record);
    workers.set(uid, worker);
    return worker;
  };
  const heard = (pod: Pod, deleted: boolean) => {
    const uid = pod.metadata.uid ?? '';
    const worker = workers.get(uid);
    // Until the API says so, news of the Pod that is gone from here may still be on the way: the worker stays, and does nothing.
    if (deleted) void worker?.forgotten().then(() => workers.delete(uid));
    else if (worker) worker.updated(pod);
    else if (records.has(uid) || !isFinal(pod)) begin(pod, uid);
  };

  void (async () => {
    // What Pods refer to is known before they are looked at, so that none fails for want of it.
    await Promise.all([services.synced, configMaps.synced, secrets.synced]);
    const pods = watched(api, resources.pods, { fieldSelector: `spec.nodeName=${node.name}` }, stopped.signal, heard);
    await pods.synced;
    // Pods that were deleted while no kubelet was here.
    for (const [uid, { pod }] of [...records])
      void begin(pod, uid)
        .forgotten()
        .then(() => workers.delete(uid));
  })();
  const beat = heartbeat(api, node, machine, network);

  const find = (namespace: string, name: string) => {
    const named = [...workers.values()].filter(
      worker => worker.pod().metadata.name === name && worker.pod().metadata.namespace === namespace,
    );
    // A Pod's successor of the same name may come while it is still ending.
    return named.find(worker => !worker.pod().metadata.deletionTimestamp) ?? named[0];
  };
  return {
    node: node.name,
    has: (namespace, name) => find(namespace, name) !== undefined,
    ...nodeProxy(({ namespace, name }) => find(namespace, name)),
    async stop() {
      stopped.abort();
      beat.stop();
      await Promise.all([...workers.values()].map(worker => worker.close()));
      await events.close();
    },
  };
}

/** Nothing is to be started for it, and nothing of it is here. One that is being deleted still needs its last word. */
function isFinal(pod: Pod): boolean {
  return (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') && !pod.metadata.deletionTimestamp;
}

/** In its volumes or, as long as it waits for it, in a container's environment. */
function refersTo(
  pod: Pod,
  kind: 'configMap' | 'secret',
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): boolean {
  if (pod.metadata.namespace !== namespace) return false;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return (
    (pod.spec.volumes ?? []).some(({ configMap, secret, projected }) => {
      const sources = [{ configMap, secret: secret && { name: secret.secretName } }, ...(projected?.sources ?? [])];
      return sources.some(source => source[kind]?.name === name);
    }) ||
    containers.some(
      ({ env, envFrom }) =>
        env?.some(({ valueFrom }) => valueFrom?.[`${kind}KeyRef`]?.name === name) ||
        envFrom?.some(source => source[`${kind}Ref`]?.name === name),
    )
  );
}
