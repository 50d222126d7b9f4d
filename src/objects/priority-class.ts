/** PriorityClass. */
import { kind } from './meta.js';
import { always, boolean, type Infer, int32, oneOf, string, withDefault } from './schema.js';

export const PriorityClass = kind('io.k8s.api.scheduling.v1.PriorityClass', {
  value: always(int32(), 0),
  globalDefault: boolean(),
  description: string(),
  preemptionPolicy: withDefault(oneOf('PreemptLowerPriority', 'Never'), 'PreemptLowerPriority'),
});
export type PriorityClass = Infer<typeof PriorityClass>;
