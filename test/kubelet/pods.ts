/** Pods and their states in a few words, for the tables of this folder. */

import { NO_BACKOFF } from '../../src/lab/kubelet/backoff.js';
import { type ContainerState, NEVER_RUN, newPodState, type PodState } from '../../src/lab/kubelet/state.js';
import type { Pod } from '../../src/objects/pod.js';

/** `{ main: 'bash' }`-like specs become whole Pods of namespace `shop` on node n1. */
export function pod(spec: object = {}, metadata: object = {}, status?: object): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'u-1', ...metadata },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'bash' }], ...spec },
    ...(status && { status }),
  } as unknown as Pod;
}

export const named = (...names: string[]) => names.map(name => ({ name, image: 'bash' }));

const process = { pid: 1, started: '1' };
const end = (exitCode: number, finishedAt: number) => ({
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  startedAt: 0,
  finishedAt,
  id: 'podwire://1',
});

/** The states that containers pass through; times are milliseconds. */
export const as = {
  new: NEVER_RUN,
  running: { ...NEVER_RUN, running: { startedAt: 0, id: 'podwire://1', process }, runs: 1, started: true, ready: true },
  starting: { ...NEVER_RUN, running: { startedAt: 0, id: 'podwire://1', process }, runs: 1 },
  doomed: { ...NEVER_RUN, running: { startedAt: 0, id: 'podwire://1', process }, runs: 1, doomed: 'ill' },
  done: { ...NEVER_RUN, ended: end(0, 1000), runs: 1 },
  failed: { ...NEVER_RUN, ended: end(1, 1000), runs: 1 },
  /** To be started again at 11000. */
  waiting: {
    ...NEVER_RUN,
    ended: end(1, 1000),
    runs: 2,
    restarts: 1,
    backoff: { ...NO_BACKOFF, delay: 10_000, since: 1000 },
  },
} satisfies Record<string, ContainerState>;

export const sandbox = { id: 'abc', netns: '/run/netns/x', result: { ips: [{ address: '10.244.1.2/32' }] } };

export function state(containers: Readonly<Record<string, ContainerState>>, more: Partial<PodState> = {}): PodState {
  return { ...newPodState(0), sandbox, podIPs: ['10.244.1.2'], containers, ...more };
}
