/** ServiceAccount. */
import { CORE, kind, LocalObjectReference, ObjectReference } from './meta.js';
import { boolean, type Infer, list, listBy } from './schema.js';

export const ServiceAccount = kind(`${CORE}ServiceAccount`, {
  secrets: listBy('name', ObjectReference),
  imagePullSecrets: list(LocalObjectReference),
  automountServiceAccountToken: boolean(),
});
export type ServiceAccount = Infer<typeof ServiceAccount>;
