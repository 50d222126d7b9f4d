/** Server-side apply of any objects, in their order. Knows how to find the resource of a kind; reads no files. */

import type { KubeObject } from '../objects/meta.js';
import { type Resource, resources } from '../objects/resources.js';
import type { Api } from './api.js';
import { ApiFailure } from './failure.js';

const MANAGER = 'podwire';

/**
 * Applies each object and reports `deployment.apps/web serverside-applied`. An object without a namespace goes to `default`.
 * The first refusal ends it, named after its object.
 */
export async function applyManifests(
  api: Api,
  objects: readonly KubeObject[],
  report: (line: string) => void,
): Promise<void> {
  for (const object of objects) {
    const { name } = object.metadata;
    try {
      const resource = await resourceOf(api, object);
      const namespace = resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
      await api.patch(
        resource,
        { name, namespace },
        { type: 'apply', body: object, fieldManager: MANAGER, force: true, fieldValidation: 'Strict' },
      );
      report(`${resource.singular}${resource.group && `.${resource.group}`}/${name} serverside-applied`);
    } catch (error) {
      if (error instanceof ApiFailure)
        throw new ApiFailure(error.status, error.reason, `${object.kind} ${name}: ${error.message}`, error.details);
      throw error;
    }
  }
}

interface ResourceList {
  readonly resources: readonly { name: string; kind: string; namespaced: boolean; singularName: string }[];
}

/** From our own table, or for a custom resource from the server's discovery. */
async function resourceOf(api: Api, { apiVersion, kind }: KubeObject): Promise<Resource<KubeObject>> {
  const [version, group = ''] = apiVersion.split('/').reverse() as [string, string?];
  const known = Object.values(resources as Record<string, Resource<KubeObject>>).find(
    resource => resource.kind === kind && resource.group === group && resource.version === version,
  );
  if (known) return known;
  const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const list = await api.request<ResourceList>('GET', path).catch(error => {
    if (ApiFailure.isNotFound(error)) return { resources: [] };
    throw error;
  });
  const found = list.resources.find(resource => resource.kind === kind && !resource.name.includes('/'));
  if (!found) throw new ApiFailure(404, 'NotFound', `no matches for kind "${kind}" in version "${apiVersion}"`);
  return {
    ...resources.configmaps,
    group,
    version,
    kind,
    plural: found.name,
    singular: found.singularName,
    namespaced: found.namespaced,
  } as Resource<KubeObject>;
}
