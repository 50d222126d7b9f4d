/**
 * OpenAPI v2 for old clients, as JSON and as gnostic's openapi.v2.Document: kubectl before 1.27 explains and validates by
 * its definitions, and finds by its paths that the server can run dry.
 */
import type { Resource } from '../resources.js';
import { definitions } from './definitions.js';
import { named } from './gnostic.js';
import { kindOf, type Operation, type Path, pathsOf, typeOf } from './paths.js';
import { message, nested, text, truth } from './protobuf.js';
import type { Json } from './schemas.js';

const INFO = { title: 'Kubernetes', version: 'v1.32.0' };

/** `protobuf` is application/com.github.proto-openapi.spec.v2@v1.0+protobuf. */
export function openapiV2(resources: readonly Resource[], form: 'json' | 'protobuf'): Buffer {
  const paths = resources.flatMap(pathsOf);
  const types = definitions(resources);
  return form === 'json' ? Buffer.from(JSON.stringify(document(paths, types))) : Buffer.from(encode(paths, types));
}

function document(paths: readonly Path[], types: ReadonlyMap<string, Json>): object {
  const items = paths.map(path => {
    const operations = path.operations.map(operation => [
      operation.method,
      {
        parameters: operation.query.map(name => ({ name, in: 'query', type: typeOf(name), uniqueItems: true })),
        responses: { '200': { description: 'OK' } },
        'x-kubernetes-group-version-kind': kindOf(path.resource),
      },
    ]);
    const parameters = path.parameters.map(name => ({
      name,
      in: 'path',
      type: 'string',
      required: true,
      uniqueItems: true,
    }));
    return [path.path, { ...Object.fromEntries(operations), parameters }];
  });
  return { swagger: '2.0', info: INFO, paths: Object.fromEntries(items), definitions: Object.fromEntries(types) };
}

/** Field numbers of OpenAPIv2.proto: Document 1 swagger, 2 info, 8 paths, 9 definitions; Paths 2 path; NamedPathItem 1 name, 2 value. */
function encode(paths: readonly Path[], types: ReadonlyMap<string, Json>): Uint8Array {
  const items = paths.map(path => nested(2, message(text(1, path.path), nested(2, pathItem(path)))));
  return message(
    text(1, '2.0'),
    nested(2, message(text(1, INFO.title), text(2, INFO.version))),
    nested(8, message(...items)),
    nested(9, named(types)),
  );
}

/** PathItem: 2 get, 3 put, 4 post, 5 delete, 8 patch. */
const METHODS = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const;

function pathItem({ operations, resource }: Path): Uint8Array {
  const fields = operations.map(operation => [METHODS[operation.method], operationOf(operation, resource)] as const);
  return message(...fields.sort(([a], [b]) => a - b).map(([field, content]) => nested(field, content)));
}

/** Operation: 8 parameters, 9 responses, 13 vendor_extension (NamedAny 1 name, 2 value; Any 2 yaml). */
function operationOf({ query }: Operation, resource: Resource): Uint8Array {
  const kind = JSON.stringify(kindOf(resource));
  return message(
    ...query.map(name => nested(8, parameter(name))),
    nested(13, message(text(1, 'x-kubernetes-group-version-kind'), nested(2, text(2, kind)))),
  );
}

/** ParametersItem 1 parameter → Parameter 2 non_body → NonBodyParameter 3 query → 1 required, 2 in, 4 name, 6 type. */
function parameter(name: string): Uint8Array {
  return nested(
    1,
    nested(2, nested(3, message(truth(1, false), text(2, 'query'), text(4, name), text(6, typeOf(name))))),
  );
}
