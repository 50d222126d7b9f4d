/** PriorityClass. */
import { kind } from './meta.js';
import { boolean, type Infer, int32, oneOf, required, string, withDefault } from './schema.js';

export const PriorityClass = kind('io.k8s.api.scheduling.v1.PriorityClass', {
  value: required(int32()),
  globalDefault: boolean(),
  description: string(),
  preemptionPolicy: withDefault(oneOf('PreemptLowerPriority', 'Never'), 'PreemptLowerPriority'),
});
export type PriorityClass = Infer<typeof PriorityClass>;
