/** The OpenAPI v3 document of one group and version. */
import type { Resource } from '../resources.js';
import { kindOf, type Operation, type Path, patchTypes, pathsOf, typeOf } from './paths.js';
import { Components, type Json, reference } from './schemas.js';

/** `resources` are all of one group and version. */
export function openapiV3(resources: readonly Resource[]): Json {
  const components = new Components();
  for (const resource of resources) components.add(resource);
  const paths = resources.flatMap(pathsOf).map(path => [path.path, pathItem(path)] as const);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.fromEntries(paths),
    components: { schemas: components.toJson() },
  };
}

function pathItem(path: Path): Json {
  const parameters = path.parameters.map(name => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  return {
    ...Object.fromEntries(path.operations.map(operation => [operation.method, operationOf(path, operation)])),
    parameters,
  };
}

const ACTIONS: Readonly<Record<string, string>> = { create: 'post', update: 'put' };

function operationOf({ resource }: Path, { method, verb, query }: Operation): Json {
  const schema = reference(resource.schema.name!);
  const types = method === 'patch' ? patchTypes(resource) : ['application/json'];
  const body = method === 'patch' ? { type: 'object' } : schema;
  const content = Object.fromEntries(types.map(type => [type, { schema: body }]));
  return {
    description: `${verb} ${resource.plural}`,
    parameters: query.map(name => ({ name, in: 'query', schema: { type: typeOf(name), uniqueItems: true } })),
    ...((method === 'post' || method === 'put' || method === 'patch') && { requestBody: { content, required: true } }),
    responses: {
      '200': {
        description: 'OK',
        content: { 'application/json': { schema: verb === 'list' ? { type: 'object' } : schema } },
      },
    },
    'x-kubernetes-action': ACTIONS[verb] ?? verb,
    'x-kubernetes-group-version-kind': kindOf(resource),
  };
}
