/** PodDisruptionBudget. */
import { Condition, kind, LabelSelector } from './meta.js';
import {
  always,
  dict,
  type Infer,
  int32,
  int64,
  intOrString,
  listBy,
  object,
  oneOf,
  required,
  time,
} from './schema.js';

const POLICY = 'io.k8s.api.policy.v1.';

export const PodDisruptionBudget = kind(`${POLICY}PodDisruptionBudget`, {
  spec: required(
    object(
      {
        minAvailable: intOrString(),
        maxUnavailable: intOrString(),
        selector: LabelSelector,
        unhealthyPodEvictionPolicy: oneOf('IfHealthyBudget', 'AlwaysAllow'),
      },
      { name: `${POLICY}PodDisruptionBudgetSpec` },
    ),
  ),
  status: object(
    {
      observedGeneration: int64(),
      disruptedPods: dict(time()),
      disruptionsAllowed: always(int32(), 0),
      currentHealthy: always(int32(), 0),
      desiredHealthy: always(int32(), 0),
      expectedPods: always(int32(), 0),
      conditions: listBy('type', Condition),
    },
    { name: `${POLICY}PodDisruptionBudgetStatus` },
  ),
});
export type PodDisruptionBudget = Infer<typeof PodDisruptionBudget>;
