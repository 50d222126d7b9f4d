/** PodDisruptionBudget. */
import { Condition, kind, LabelSelector } from './meta.js';
import { dict, type Infer, int32, int64, intOrString, listBy, object, oneOf, required, time } from './schema.js';

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
      disruptionsAllowed: required(int32()),
      currentHealthy: required(int32()),
      desiredHealthy: required(int32()),
      expectedPods: required(int32()),
      conditions: listBy('type', Condition),
    },
    { name: `${POLICY}PodDisruptionBudgetStatus` },
  ),
});
export type PodDisruptionBudget = Infer<typeof PodDisruptionBudget>;
