/** What all objects have in common: metadata, owners, references and conditions. Knows no kind. */
import {
  any,
  boolean,
  dict,
  type Fields,
  type Flat,
  type Infer,
  type InferFields,
  int64,
  list,
  listBy,
  type ObjectShape,
  object,
  oneOf,
  required,
  type Schema,
  string,
  time,
} from './schema.js';

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** An object of any kind, as it travels. The key and value types of its other fields are its schema's business. */
export type KubeObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [key: string]: unknown;
};

export const OwnerReference = object(
  {
    apiVersion: required(string()),
    kind: required(string()),
    name: required(string()),
    uid: required(string()),
    controller: boolean(),
    blockOwnerDeletion: boolean(),
  },
  { name: `${META}OwnerReference`, atomic: true },
);
export type OwnerReference = Infer<typeof OwnerReference>;

export const ManagedFieldsEntry = object(
  {
    manager: string(),
    operation: oneOf('Apply', 'Update'),
    apiVersion: string(),
    time: time(),
    fieldsType: string(),
    fieldsV1: any<Readonly<Record<string, unknown>>>(),
    subresource: string(),
  },
  { name: `${META}ManagedFieldsEntry` },
);
export type ManagedFieldsEntry = Infer<typeof ManagedFieldsEntry>;

const metaFields = {
  name: string(),
  generateName: string(),
  namespace: string(),
  selfLink: string(),
  uid: string(),
  resourceVersion: string(),
  generation: int64(),
  creationTimestamp: time(),
  deletionTimestamp: time(),
  deletionGracePeriodSeconds: int64(),
  labels: dict(string()),
  annotations: dict(string()),
  ownerReferences: listBy('uid', OwnerReference),
  finalizers: list(string(), { type: 'set', patchMerge: true }),
  managedFields: list(ManagedFieldsEntry),
} as const;

/** Metadata of a template: nothing in it is required. */
export const TemplateMeta = object(metaFields, { name: `${META}ObjectMeta` });
export type TemplateMeta = Infer<typeof TemplateMeta>;

/** Metadata of an object. Its type says that `name` is there, which holds for every object but one being created by `generateName`. */
export const ObjectMeta = TemplateMeta as unknown as Schema<ObjectMeta> & ObjectShape;
export type ObjectMeta = Flat<Omit<TemplateMeta, 'name'> & { readonly name: string }>;

const LabelSelectorRequirement = object(
  {
    key: required(string()),
    operator: required(string()),
    values: list(string()),
  },
  { name: `${META}LabelSelectorRequirement` },
);

export const LabelSelector = object(
  { matchLabels: dict(string()), matchExpressions: list(LabelSelectorRequirement) },
  { name: `${META}LabelSelector`, atomic: true },
);
export type LabelSelector = Infer<typeof LabelSelector>;

/** metav1.Condition, as the newer kinds have it. */
export const Condition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    observedGeneration: int64(),
    lastTransitionTime: required(time()),
    reason: required(string()),
    message: string(),
  },
  { name: `${META}Condition` },
);
export type Condition = Infer<typeof Condition>;

export const CORE = 'io.k8s.api.core.v1.';

export const ObjectReference = object(
  {
    apiVersion: string(),
    kind: string(),
    name: string(),
    namespace: string(),
    uid: string(),
    resourceVersion: string(),
    fieldPath: string(),
  },
  { name: `${CORE}ObjectReference`, atomic: true },
);
export type ObjectReference = Infer<typeof ObjectReference>;

export const LocalObjectReference = object({ name: string() }, { name: `${CORE}LocalObjectReference`, atomic: true });

type Kind<F> = Flat<
  { readonly apiVersion: string; readonly kind: string; readonly metadata: ObjectMeta } & InferFields<F>
>;

/** The schema of a kind: its own fields beside apiVersion, kind and metadata. `name` is its name in OpenAPI. */
export function kind<const F extends Fields>(name: string, fields: F): Schema<Kind<F>> & ObjectShape {
  const common = { apiVersion: string(), kind: string(), metadata: ObjectMeta };
  return object({ ...common, ...fields }, { name }) as unknown as Schema<Kind<F>> & ObjectShape;
}
