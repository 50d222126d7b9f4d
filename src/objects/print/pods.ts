/** Pods as `kubectl get pods` shows them, and the word that sums up a Pod's state. */
import { isTrue } from '../condition-status.js';
import type { Pod } from '../pod.js';
import type { ContainerStatus } from '../pod-status.js';
import { age } from '../time.js';
import { AGE, type Column, NAME, NONE, text, wide } from './column.js';

export const podColumns: readonly Column<Pod>[] = [
  NAME,
  text('Ready', pod => {
    const { ready, total } = summary(pod);
    return `${ready}/${total}`;
  }),
  text('Status', pod => podStatusWord(pod)),
  text('Restarts', (pod, now) => {
    const { restarts, lastRestart } = summary(pod);
    return restarts > 0 && lastRestart ? `${restarts} (${age(lastRestart, now)} ago)` : String(restarts);
  }),
  AGE,
  wide(text('IP', pod => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE)),
  wide(text('Node', pod => pod.spec.nodeName || NONE)),
  wide(text('Nominated Node', pod => pod.status?.nominatedNodeName || NONE)),
  wide(text('Readiness Gates', readinessGates)),
];

/** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, …: kubectl's STATUS. */
export function podStatusWord(pod: Pod): string {
  return summary(pod).word;
}

interface Summary {
  readonly word: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When a container last ended; RFC 3339. */
  readonly lastRestart?: string;
}

function summary(pod: Pod): Summary {
  const { phase = '', reason } = pod.status ?? {};
  const gated = pod.status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  const init = initSummary(pod);
  const initialised = pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True');
  const main = init.word === undefined || initialised ? mainSummary(pod) : undefined;
  const counted = main
    ? [...(pod.status?.containerStatuses ?? []), ...init.sidecars]
    : (pod.status?.initContainerStatuses ?? []);
  return {
    word: deletionWord(pod) ?? main?.word ?? init.word ?? (gated ? 'SchedulingGated' : reason || phase),
    ready: init.ready + (main?.ready ?? 0),
    total: (pod.spec.containers?.length ?? 0) + (pod.spec.initContainers ?? []).filter(isSidecar).length,
    restarts: counted.reduce((sum, status) => sum + (status.restartCount ?? 0), 0),
    lastRestart: counted.reduce<string | undefined>(
      (last, status) => later(last, status.lastState?.terminated?.finishedAt),
      undefined,
    ),
  };
}

const isSidecar = (container: { readonly restartPolicy?: string }) => container.restartPolicy === 'Always';

const later = (a: string | undefined, b: string | undefined) => (a === undefined || (b !== undefined && a < b) ? b : a);

function deletionWord({ metadata, status }: Pod): string | undefined {
  if (!metadata.deletionTimestamp) return undefined;
  if (status?.reason === 'NodeLost') return 'Unknown';
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' ? undefined : 'Terminating';
}

/** The init container that holds the Pod up, if one does; sidecars that started count as containers. */
function initSummary(pod: Pod): { word?: string; ready: number; sidecars: ContainerStatus[] } {
  const declared = pod.spec.initContainers ?? [];
  const sidecarNames = new Set(declared.filter(isSidecar).map(container => container.name));
  const statuses = pod.status?.initContainerStatuses ?? [];
  const sidecars = statuses.filter(status => sidecarNames.has(status.name));
  let ready = 0;
  for (const [i, status] of statuses.entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecarNames.has(status.name) && status.started) {
      if (status.ready) ready++;
      continue;
    }
    const word = terminated
      ? terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`)
      : waiting?.reason && waiting.reason !== 'PodInitializing'
        ? waiting.reason
        : `${i}/${declared.length}`;
    return { word: `Init:${word}`, ready, sidecars };
  }
  return { ready, sidecars };
}

/** The first container in trouble gives the word; one that still runs beside completed ones keeps the Pod running. */
function mainSummary(pod: Pod): { word?: string; ready: number } {
  let word: string | undefined;
  let ready = 0;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) word = waiting.reason;
    else if (terminated)
      word =
        terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`);
    else if (status.ready && running) ready++;
  }
  if (word === 'Completed' && ready > 0) {
    word = isTrue(pod, 'Ready') ? 'Running' : 'NotReady';
  }
  return { word, ready };
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(gate =>
    status?.conditions?.some(({ type, status }) => type === gate.conditionType && status === 'True'),
  );
  return `${open.length}/${gates.length}`;
}
