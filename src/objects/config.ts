/** ConfigMap and Secret: data by key. */
import { CORE, kind } from './meta.js';
import { boolean, dict, type Infer, string, withDefault } from './schema.js';

const bytes = string({ format: 'byte' });

export const ConfigMap = kind(`${CORE}ConfigMap`, {
  data: dict(string()),
  binaryData: dict(bytes),
  immutable: boolean(),
});
export type ConfigMap = Infer<typeof ConfigMap>;

/** `stringData` is write-only: defaulting folds it into `data`. */
export const Secret = kind(`${CORE}Secret`, {
  type: withDefault(string(), 'Opaque'),
  data: dict(bytes),
  stringData: dict(string()),
  immutable: boolean(),
});
export type Secret = Infer<typeof Secret>;
