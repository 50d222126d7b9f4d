/** Watches over one running container by its probes. Knows thresholds and periods; refuses to know what follows from them. */

import type { Container, Probe } from '../../objects/container.js';
import { perform, type Target } from './handlers.js';

export interface Verdicts {
  /** The startup probe succeeded. */
  started(): void;
  ready(ready: boolean): void;
  /** The container must be killed; `kind` is the probe's. */
  failed(kind: 'startup' | 'liveness'): void;
  /** One attempt failed. */
  unhealthy(kind: Kind, output: string): void;
}

export type Kind = 'startup' | 'readiness' | 'liveness';

/** A container that has just begun is asked this soon, ever more slowly: it is ready when it is, not a whole period later. Milliseconds. */
const EAGER = 20;

export interface Watch {
  /** The container is ending: nobody kills it for its health any longer, but whether it is ready is still asked. */
  relent(): void;
  stop(): void;
}

/** Probes until it is told not to. */
export function watchOver(container: Container, target: Target, started: boolean, verdicts: Verdicts): Watch {
  const stops = new Map<Kind, () => void>();
  const begin = (kind: Kind, probe: Probe | undefined, report: (healthy: boolean) => boolean) => {
    if (probe)
      stops.set(
        kind,
        repeat(kind, probe, target, report, output => verdicts.unhealthy(kind, output)),
      );
  };
  const whenStarted = () => {
    begin('readiness', container.readinessProbe, healthy => {
      verdicts.ready(healthy);
      return true;
    });
    begin('liveness', container.livenessProbe, healthy => {
      if (!healthy) verdicts.failed('liveness');
      return healthy;
    });
  };
  if (started || !container.startupProbe) whenStarted();
  else
    begin('startup', container.startupProbe, healthy => {
      if (healthy) {
        verdicts.started();
        whenStarted();
      } else verdicts.failed('startup');
      return false;
    });
  return {
    relent() {
      stops.get('startup')?.();
      stops.get('liveness')?.();
    },
    stop() {
      for (const stop of stops.values()) stop();
    },
  };
}

/** `report` hears of changes only, and returns whether to go on. */
function repeat(
  kind: Kind,
  probe: Probe,
  target: Target,
  report: (healthy: boolean) => boolean,
  complain: (output: string) => void,
): () => void {
  const period = Math.max(1, probe.periodSeconds ?? 10) * 1000;
  const timeout = Math.max(1, probe.timeoutSeconds ?? 1) * 1000;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let last: boolean | undefined;
  let row = { healthy: true, count: 0 };
  // A liveness probe has nothing to gain from haste.
  let eager = kind === 'liveness' ? period : EAGER;

  const attempt = async () => {
    const { healthy, output } = await perform(probe, target, timeout);
    if (stopped) return;
    const early = !healthy && last === undefined && eager < period;
    if (early) eager *= 2;
    else {
      if (!healthy) complain(output);
      row = { healthy, count: row.healthy === healthy ? row.count + 1 : 1 };
      const threshold = healthy ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
      if (row.count >= threshold && last !== healthy) {
        last = healthy;
        if (!report(healthy)) return;
      }
    }
    wait(early ? Math.min(eager, period) : period);
  };
  const wait = (milliseconds: number) => {
    timer = setTimeout(() => void attempt(), milliseconds).unref();
  };
  wait((probe.initialDelaySeconds ?? 0) * 1000);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
