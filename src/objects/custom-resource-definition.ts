/** CustomResourceDefinition. Its openAPIV3Schema is kept as it came; crd.ts reads it. */
import { kind } from './meta.js';
import {
  always,
  any,
  boolean,
  type Infer,
  int32,
  list,
  listBy,
  object,
  oneOf,
  required,
  string,
  time,
  withDefault,
} from './schema.js';

const EXT = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';

const Names = object(
  {
    plural: required(string()),
    singular: string(),
    shortNames: list(string()),
    kind: required(string()),
    listKind: string(),
    categories: list(string()),
  },
  { name: `${EXT}CustomResourceDefinitionNames` },
);

const Column = object(
  {
    name: required(string()),
    type: required(string()),
    format: string(),
    description: string(),
    priority: int32(),
    jsonPath: required(string()),
  },
  { name: `${EXT}CustomResourceColumnDefinition` },
);
export type CustomResourceColumn = Infer<typeof Column>;

export const CustomResourceDefinitionVersion = object(
  {
    name: required(string()),
    served: always(boolean(), false),
    storage: always(boolean(), false),
    deprecated: boolean(),
    deprecationWarning: string(),
    schema: object(
      { openAPIV3Schema: any<Readonly<Record<string, unknown>>>() },
      { name: `${EXT}CustomResourceValidation` },
    ),
    subresources: object(
      {
        status: any(),
        scale: object(
          { specReplicasPath: required(string()), statusReplicasPath: required(string()), labelSelectorPath: string() },
          { name: `${EXT}CustomResourceSubresourceScale` },
        ),
      },
      { name: `${EXT}CustomResourceSubresources` },
    ),
    additionalPrinterColumns: list(Column),
    selectableFields: list(object({ jsonPath: required(string()) }, { name: `${EXT}SelectableField` })),
  },
  { name: `${EXT}CustomResourceDefinitionVersion` },
);
export type CustomResourceDefinitionVersion = Infer<typeof CustomResourceDefinitionVersion>;

const condition = object(
  {
    type: required(string()),
    status: required(oneOf('True', 'False', 'Unknown')),
    lastTransitionTime: time(),
    reason: string(),
    message: string(),
  },
  { name: `${EXT}CustomResourceDefinitionCondition` },
);

export const CustomResourceDefinition = kind(`${EXT}CustomResourceDefinition`, {
  spec: required(
    object(
      {
        group: required(string()),
        names: required(Names),
        scope: required(oneOf('Cluster', 'Namespaced')),
        versions: required(list(CustomResourceDefinitionVersion)),
        conversion: withDefault(
          object(
            { strategy: withDefault(oneOf('None', 'Webhook'), 'None'), webhook: any() },
            { name: `${EXT}CustomResourceConversion` },
          ),
          {},
        ),
        preserveUnknownFields: boolean(),
      },
      { name: `${EXT}CustomResourceDefinitionSpec` },
    ),
  ),
  status: object(
    { conditions: listBy('type', condition), acceptedNames: Names, storedVersions: list(string()) },
    { name: `${EXT}CustomResourceDefinitionStatus` },
  ),
});
export type CustomResourceDefinition = Infer<typeof CustomResourceDefinition>;
