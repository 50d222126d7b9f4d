/** The rules of workloads: that a selector selects its own template, and what a template may ask for. */

import { type FieldError, forbidden, invalid, missing, notSupported } from '../field-errors.js';
import { parsePercent } from '../int-or-string.js';
import type { CronJob, Job, JobSpec } from '../job.js';
import type { KubeObject, LabelSelector } from '../meta.js';
import type { PodTemplateSpec } from '../pod.js';
import type { PodDisruptionBudget } from '../pod-disruption-budget.js';
import { labelSelector } from '../selectors.js';
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../workload.js';
import type { Rule } from './rule.js';

type Owner = KubeObject & { readonly spec: { readonly selector: LabelSelector; readonly template?: PodTemplateSpec } };

function selectionErrors({ spec: { selector, template } }: Owner): FieldError[] {
  const empty = !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length;
  if (empty) return [missing('spec.selector')];
  const labels = template?.metadata?.labels;
  if (labelSelector(selector)(labels)) return [];
  return [invalid('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`')];
}

/** Pods that outlive their program: a controller that replaces them cannot let them end. */
function restartErrors(template: PodTemplateSpec | undefined, allowed: readonly string[]): FieldError[] {
  const policy = template?.spec?.restartPolicy;
  return policy && !allowed.includes(policy) ? [notSupported('spec.template.spec.restartPolicy', policy, allowed)] : [];
}

const owned = (object: Owner): FieldError[] => [
  ...selectionErrors(object),
  ...restartErrors(object.spec.template, ['Always']),
];

export const deploymentRule: Rule<Deployment> = object => {
  const { strategy } = object.spec;
  const at = 'spec.strategy.rollingUpdate';
  const errors = owned(object);
  if (strategy?.type === 'Recreate') {
    if (strategy.rollingUpdate) errors.push(forbidden(at, "may not be specified when strategy `type` is 'Recreate'"));
    return errors;
  }
  return [...errors, ...rolloutErrors(strategy?.rollingUpdate, at)];
};

export const replicaSetRule: Rule<ReplicaSet> = object => owned(object);

export const statefulSetRule: Rule<StatefulSet> = object => {
  const errors = owned(object);
  if (object.spec.updateStrategy?.type === 'OnDelete' && object.spec.updateStrategy.rollingUpdate) {
    errors.push(
      invalid(
        'spec.updateStrategy.rollingUpdate',
        object.spec.updateStrategy.rollingUpdate,
        "only allowed for updateStrategy 'RollingUpdate'",
      ),
    );
  }
  return errors;
};

export const daemonSetRule: Rule<DaemonSet> = object => {
  const { updateStrategy } = object.spec;
  const rollout =
    updateStrategy?.type === 'RollingUpdate'
      ? rolloutErrors(updateStrategy.rollingUpdate, 'spec.updateStrategy.rollingUpdate')
      : [];
  return [...owned(object), ...rollout];
};

type Rollout = { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string };

function rolloutErrors(rollout: Rollout | undefined, path: string): FieldError[] {
  if (!rollout) return [missing(path)];
  const errors = [
    ...countErrors(rollout.maxUnavailable, `${path}.maxUnavailable`, true),
    ...countErrors(rollout.maxSurge, `${path}.maxSurge`, false),
  ];
  if (isZero(rollout.maxUnavailable) && isZero(rollout.maxSurge)) {
    errors.push(invalid(`${path}.maxUnavailable`, rollout.maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'));
  }
  return errors;
}

const isZero = (value: number | string | undefined) =>
  value === undefined || value === 0 || parsePercent(String(value)) === 0;

function countErrors(value: number | string | undefined, path: string, capped: boolean): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return value < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
  const percent = parsePercent(value);
  if (percent === undefined) {
    return [
      invalid(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ),
    ];
  }
  return capped && percent > 100 ? [invalid(path, value, 'must not be greater than 100%')] : [];
}

export const jobRule: Rule<Job> = job => jobSpecErrors(job.spec, 'spec');

export const cronJobRule: Rule<CronJob> = job => {
  const errors = jobSpecErrors(job.spec.jobTemplate.spec, 'spec.jobTemplate.spec');
  // A Job's name adds eleven characters to its CronJob's.
  if (job.metadata.name?.length > 52)
    errors.push(invalid('metadata.name', job.metadata.name, 'must be no more than 52 characters'));
  return errors;
};

function jobSpecErrors(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  const errors: FieldError[] = [];
  if (policy === 'Always')
    errors.push(notSupported(`${path}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']));
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    errors.push(missing(`${path}.completions`, 'when completion mode is Indexed'));
  }
  return errors;
}

export const disruptionBudgetRule: Rule<PodDisruptionBudget> = ({ spec }) => {
  const errors = [
    ...countErrors(spec.minAvailable, 'spec.minAvailable', true),
    ...countErrors(spec.maxUnavailable, 'spec.maxUnavailable', true),
  ];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return errors;
};
