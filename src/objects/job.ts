/** Job and CronJob. */
import { kind, LabelSelector, ObjectReference, TemplateMeta } from './meta.js';
import { PodTemplateSpec } from './pod.js';
import {
  any,
  boolean,
  type Infer,
  int32,
  int64,
  list,
  object,
  oneOf,
  required,
  string,
  time,
  withDefault,
} from './schema.js';

const BATCH = 'io.k8s.api.batch.v1.';
const count = () => int32({ min: 0 });

export const JobCondition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    lastProbeTime: time(),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${BATCH}JobCondition` },
);

export const JobSpec = object(
  {
    parallelism: count(),
    completions: count(),
    activeDeadlineSeconds: int64({ min: 0 }),
    podFailurePolicy: object({ rules: required(list(any())) }, { name: `${BATCH}PodFailurePolicy` }),
    successPolicy: object({ rules: required(list(any())) }, { name: `${BATCH}SuccessPolicy` }),
    backoffLimit: withDefault(count(), 6),
    backoffLimitPerIndex: count(),
    maxFailedIndexes: count(),
    selector: LabelSelector,
    manualSelector: boolean(),
    template: required(PodTemplateSpec),
    ttlSecondsAfterFinished: count(),
    completionMode: withDefault(oneOf('NonIndexed', 'Indexed'), 'NonIndexed'),
    suspend: withDefault(boolean(), false),
    podReplacementPolicy: oneOf('TerminatingOrFailed', 'Failed'),
    managedBy: string(),
  },
  { name: `${BATCH}JobSpec` },
);

export type JobSpec = Infer<typeof JobSpec>;

export const Job = kind(`${BATCH}Job`, {
  spec: required(JobSpec),
  status: object(
    {
      conditions: list(JobCondition, { mergeKey: 'type' }),
      startTime: time(),
      completionTime: time(),
      active: count(),
      terminating: count(),
      succeeded: count(),
      failed: count(),
      ready: count(),
      completedIndexes: string(),
      failedIndexes: string(),
      uncountedTerminatedPods: object(
        { succeeded: list(string(), { type: 'set' }), failed: list(string(), { type: 'set' }) },
        { name: `${BATCH}UncountedTerminatedPods` },
      ),
    },
    { name: `${BATCH}JobStatus` },
  ),
});
export type Job = Infer<typeof Job>;

export const CronJob = kind(`${BATCH}CronJob`, {
  spec: required(
    object(
      {
        schedule: required(string()),
        timeZone: string(),
        startingDeadlineSeconds: int64({ min: 0 }),
        concurrencyPolicy: withDefault(oneOf('Allow', 'Forbid', 'Replace'), 'Allow'),
        suspend: withDefault(boolean(), false),
        jobTemplate: required(
          object({ metadata: TemplateMeta, spec: required(JobSpec) }, { name: `${BATCH}JobTemplateSpec` }),
        ),
        successfulJobsHistoryLimit: withDefault(count(), 3),
        failedJobsHistoryLimit: withDefault(count(), 1),
      },
      { name: `${BATCH}CronJobSpec` },
    ),
  ),
  status: object(
    { active: list(ObjectReference), lastScheduleTime: time(), lastSuccessfulTime: time() },
    { name: `${BATCH}CronJobStatus` },
  ),
});
export type CronJob = Infer<typeof CronJob>;
