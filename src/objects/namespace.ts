/** Namespace. */
import { CORE, kind } from './meta.js';
import { type Infer, list, listBy, object, oneOf, required, string, time } from './schema.js';

const condition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${CORE}NamespaceCondition` },
);

export const Namespace = kind(`${CORE}Namespace`, {
  spec: object({ finalizers: list(string()) }, { name: `${CORE}NamespaceSpec` }),
  status: object(
    { phase: oneOf('Active', 'Terminating'), conditions: listBy('type', condition) },
    { name: `${CORE}NamespaceStatus` },
  ),
});
export type Namespace = Infer<typeof Namespace>;
