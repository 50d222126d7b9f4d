/** Event, in its two API forms. One storage keeps both: core/v1 is the stored form. */
import { CORE, kind, ObjectReference } from './meta.js';
import { type Infer, int32, object, required, string, time } from './schema.js';

const EVENTS = 'io.k8s.api.events.v1.';

const source = object({ component: string(), host: string() }, { name: `${CORE}EventSource` });
const series = (name: string) => object({ count: int32(), lastObservedTime: time() }, { name });

export const Event = kind(`${CORE}Event`, {
  involvedObject: required(ObjectReference),
  reason: string(),
  message: string(),
  source,
  firstTimestamp: time(),
  lastTimestamp: time(),
  count: int32(),
  type: string(),
  eventTime: time(),
  series: series(`${CORE}EventSeries`),
  action: string(),
  related: ObjectReference,
  reportingComponent: string(),
  reportingInstance: string(),
});
export type Event = Infer<typeof Event>;

/** The same event as events.k8s.io/v1 names it. */
export const EventV1 = kind(`${EVENTS}Event`, {
  eventTime: time(),
  series: series(`${EVENTS}EventSeries`),
  reportingController: string(),
  reportingInstance: string(),
  action: string(),
  reason: string(),
  regarding: ObjectReference,
  related: ObjectReference,
  note: string(),
  type: string(),
  deprecatedSource: source,
  deprecatedFirstTimestamp: time(),
  deprecatedLastTimestamp: time(),
  deprecatedCount: int32(),
});
export type EventV1 = Infer<typeof EventV1>;

/** Field of core/v1 → field of events.k8s.io/v1, where they differ. */
const RENAMED: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const BACK = Object.fromEntries(Object.entries(RENAMED).map(([core, events]) => [events, core]));

export function toEventV1(event: Event): EventV1 {
  return { ...rename(event, RENAMED), apiVersion: 'events.k8s.io/v1' } as unknown as EventV1;
}

export function fromEventV1(event: EventV1): Event {
  return { ...rename(event, BACK), apiVersion: 'v1' } as unknown as Event;
}

function rename(event: object, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [Object.hasOwn(names, key) ? names[key]! : key, value]),
  );
}
