/** Manifests as tests write them: YAML in, the object as the API server would have it. */
import { parse } from 'yaml';
import { decode } from '../../src/objects/decode.js';
import { applyDefaults } from '../../src/objects/defaults.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { apiVersionOf, builtinResources, type Resource } from '../../src/objects/resources.js';
import { describeErrors, validate, validateUpdate } from '../../src/objects/validate.js';

export function resourceOf(object: { readonly apiVersion?: unknown; readonly kind?: unknown }): Resource {
  const found = builtinResources.find(
    resource => apiVersionOf(resource) === object.apiVersion && resource.kind === object.kind,
  );
  if (!found) throw new Error(`no such kind: ${object.apiVersion} ${object.kind}`);
  return found;
}

/** The object of a manifest, decoded; without a namespace it lands in `default`. */
export function manifest(yaml: string): KubeObject {
  const json = parse(yaml) as KubeObject;
  const resource = resourceOf(json);
  const { object } = decode(resource, json);
  const namespace = resource.namespaced ? { namespace: 'default' } : {};
  return { ...object, metadata: { ...namespace, ...object.metadata } };
}

/** The same with its defaults. */
export function defaulted(yaml: string): KubeObject {
  const object = manifest(yaml);
  return applyDefaults(resourceOf(object), object);
}

/** Every error of a manifest, one line each, as a Status would list them. */
export function errorsOf(yaml: string): string[] {
  const object = defaulted(yaml);
  return validate(resourceOf(object), object).map(error => describeErrors([error]));
}

export function updateErrorsOf(before: string, after: string): string[] {
  const [old, next] = [defaulted(before), defaulted(after)];
  return validateUpdate(resourceOf(next), next, old).map(error => describeErrors([error]));
}
