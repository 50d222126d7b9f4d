/** Kubernetes Events on the object a user looks at. Knows how to say a thing once; never fails and never delays its caller. */

import { resources } from '../objects/resources.js';
import { logger } from '../report/log.js';
import { type Api, path } from './api.js';

/** Whom an event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface EventRecorder {
  /** `reason` is CamelCase and stable; `message` is for people. */
  record(regarding: Regarding, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Sends what waits, and stops. */
  close(): Promise<void>;
}

interface Series {
  readonly regarding: Regarding;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly name: string;
  readonly first: Date;
  last: Date;
  count: number;
  /** Count that the server knows. */
  sent: number;
  /** Not before this, milliseconds of Date.now(). */
  next: number;
}

/** The same event again only raises a count, which is sent at most once in this time (ms). */
const QUIET = 60_000;
/** Series that are remembered; the oldest are forgotten. */
const REMEMBERED = 512;
const log = logger('client');

/** Events in core/v1, which every kubectl shows. `component` and `host` become their source. */
export function eventRecorder(api: Api, source: { readonly component: string; readonly host?: string }): EventRecorder {
  const series = new Map<string, Series>();
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();

  const flush = async (all: boolean) => {
    for (const one of [...series.values()]) {
      if (one.count === one.sent || (!all && one.next > Date.now())) continue;
      one.next = Date.now() + QUIET;
      const count = one.count;
      await send(api, source, one).then(
        () => (one.sent = count),
        error => log.debug('event not recorded', { reason: one.reason, error }),
      );
    }
  };
  const plan = () => {
    const due = [...series.values()].filter(one => one.count > one.sent).map(one => one.next - Date.now());
    if (due.length === 0) return;
    // What is new does not wait behind a count that may.
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        timer = undefined;
        sending = sending.then(() => flush(false)).then(plan);
      },
      Math.max(0, Math.min(...due)),
    ).unref();
  };

  return {
    record(regarding, type, reason, message) {
      const key = [regarding.kind, regarding.namespace, regarding.name, regarding.uid, type, reason, message].join(
        '\0',
      );
      const now = new Date();
      const known = series.get(key);
      if (known) [known.count, known.last] = [known.count + 1, now];
      else {
        const name = `${regarding.name}.${now.getTime().toString(16)}${Math.floor(Math.random() * 0xffff).toString(16)}`;
        series.set(key, { regarding, type, reason, message, name, first: now, last: now, count: 1, sent: 0, next: 0 });
        if (series.size > REMEMBERED) series.delete(series.keys().next().value!);
      }
      plan();
    },
    async close() {
      clearTimeout(timer);
      await sending;
      await flush(true);
    },
  };
}

async function send(api: Api, source: object, one: Series): Promise<void> {
  const { regarding, type, reason, message } = one;
  // Events about objects without a namespace live in `default`.
  const namespace = regarding.namespace ?? 'default';
  const lastTimestamp = seconds(one.last);
  if (one.sent > 0) {
    await api.patch(
      resources.events,
      { namespace, name: one.name },
      { type: 'merge', body: { count: one.count, lastTimestamp } },
    );
    return;
  }
  await api.request('POST', path(resources.events, namespace), {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: one.name },
    involvedObject: regarding,
    type,
    reason,
    message,
    source,
    firstTimestamp: seconds(one.first),
    lastTimestamp,
    count: one.count,
  });
}

/** metav1.Time has whole seconds. */
function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
