/** Where a lab keeps its things on the machine: the only place that spells a path. Knows names, opens nothing. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All paths and link names of one lab; every one of them carries the lab's name, so that `down` finds them without memory. */
export interface Places {
  readonly lab: string;
  /** Survives a restart: the API server's store, certificates, the configuration. */
  readonly state: string;
  /** Lives as long as the lab: sockets, process records, Pods' files. */
  readonly run: string;
  readonly log: string;
  /** Written by labd while it runs: its process id and start time. */
  readonly labd: string;
  readonly config: string;
  readonly kubeconfig: string;
  /** The host's end of the link into the fabric. */
  readonly hostLink: string;
  /** A namespace of the lab, by role: `fabric`, `gateway`, `internet` or a node's name. */
  netns(role: string): string;
  /** The namespace of a Pod, by its uid. */
  podNetns(uid: string): string;
  /** What every namespace of this lab begins with. */
  readonly netnsPrefix: string;
  node(name: string): NodePlaces;
}

export interface NodePlaces {
  readonly state: string;
  readonly run: string;
  readonly netns: string;
  readonly kubeconfig: string;
  readonly agentConfig: string;
  readonly agentProcess: string;
  readonly agentLog: string;
  readonly cniSocket: string;
  readonly healthSocket: string;
  readonly cniBin: string;
  readonly cniConf: string;
}

/** Names are 1 to 11 lower-case letters, digits and dashes, so that the host link's name fits IFNAMSIZ. */
export const LAB_NAME = /^[a-z]([a-z0-9-]{0,9}[a-z0-9])?$/;
export const NETNS_DIR = '/run/netns';

/** Paths of all network namespaces that the lab has now, Pods' among them. */
export function labNamespaces({ netnsPrefix }: Places): readonly string[] {
  const names = readdirSync(NETNS_DIR).filter(name => name.startsWith(netnsPrefix));
  return names.map(name => join(NETNS_DIR, name));
}

export function places(lab: string, env: NodeJS.ProcessEnv = process.env): Places {
  const state = join(env.PODWIRE_STATE_DIR ?? '/var/lib/podwire', lab);
  const run = join(env.PODWIRE_RUN_DIR ?? '/run/podwire', lab);
  const netnsPrefix = `podwire-${lab}-`;
  const netns = (role: string) => join(NETNS_DIR, netnsPrefix + role);
  return {
    lab,
    state,
    run,
    log: join(run, 'labd.log'),
    labd: join(run, 'labd.json'),
    config: join(state, 'lab.json'),
    kubeconfig: join(state, 'kubeconfig'),
    hostLink: `pw-${lab}`,
    netnsPrefix,
    netns,
    podNetns: uid => netns(`pod-${uid.slice(0, 13)}`),
    node: name => ({
      state: join(state, 'nodes', name),
      run: join(run, 'nodes', name),
      netns: netns(name),
      kubeconfig: join(state, 'nodes', name, 'kubeconfig'),
      agentConfig: join(state, 'nodes', name, 'agent.json'),
      agentProcess: join(run, 'nodes', name, 'agent.pid.json'),
      agentLog: join(run, 'nodes', name, 'agent.log'),
      cniSocket: join(run, 'nodes', name, 'cni', 'agent.sock'),
      healthSocket: join(run, 'nodes', name, 'cni', 'health.sock'),
      cniBin: join(run, 'nodes', name, 'cni', 'bin'),
      cniConf: join(run, 'nodes', name, 'cni', 'net.d'),
    }),
  };
}
