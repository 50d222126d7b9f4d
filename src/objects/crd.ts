/** A CustomResourceDefinition as the resources it adds. Its rules for a CRD itself are in rules/; CEL rules are ignored for now. */
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from './custom-resource-definition.js';
import { kind } from './meta.js';
import { ALL_VERBS, type Resource, type Subresource } from './resources.js';
import { fieldsOf, type JsonSchema } from './structural-schema.js';

/** One resource per served version; all of them are kept as the storage version writes them (there is no conversion but `None`). */
export function resourcesOfCrd(crd: CustomResourceDefinition): Resource[] {
  return crd.spec.versions.filter(version => version.served).map(version => resourceOf(crd, version));
}

function resourceOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Resource {
  const { names, group, scope } = spec;
  const json = (version.schema?.openAPIV3Schema ?? {}) as JsonSchema;
  const { subresources } = version;
  const served: Subresource[] = [];
  if (subresources?.status) served.push('status');
  if (subresources?.scale) served.push('scale');
  const { apiVersion: _, kind: __, metadata: ___, ...fields } = fieldsOf(json);
  const schema = kind(`${group.split('.').reverse().join('.')}.${version.name}.${names.kind}`, fields);
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    subresources: served,
    verbs: ALL_VERBS,
    schema: { ...schema, preserveUnknown: json['x-kubernetes-preserve-unknown-fields'] === true } as Resource['schema'],
    ...(subresources?.scale && { scale: subresources.scale }),
    columns: version.additionalPrinterColumns ?? [],
    structural: json as Readonly<Record<string, unknown>>,
    selectable: version.selectableFields?.map(field => field.jsonPath.replace(/^\./, '')) ?? [],
  };
}
