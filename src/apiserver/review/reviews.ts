/** Questions about oneself: who am I, what may I. Every authenticated user may do everything, and these say so. */

import { kind } from '../../objects/meta.js';
import type { Resource } from '../../objects/resources.js';
import { any } from '../../objects/schema.js';
import type { Api, Call } from '../api.js';
import { type Json, readObject } from '../body.js';
import type { ApiRequest, ApiResponse } from '../http.js';
import { respondValue } from '../respond.js';

const REASON = 'podwire allows every authenticated user everything';

interface Review {
  readonly resource: Resource;
  status(request: ApiRequest): object;
}

const REVIEWS: readonly Review[] = [
  {
    resource: define('authentication', 'SelfSubjectReview'),
    status: ({ user }) => ({ userInfo: { username: user.name, groups: user.groups } }),
  },
  {
    resource: define('authorization', 'SelfSubjectAccessReview'),
    status: () => ({ allowed: true, reason: REASON }),
  },
  {
    resource: define('authorization', 'SelfSubjectRulesReview'),
    status: () => ({
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }),
  },
];

/** Served like other resources, but only created, never kept. */
export const REVIEW_RESOURCES: readonly Resource[] = REVIEWS.map(({ resource }) => resource);

/** The answer to a review's creation, or undefined when the resource is none. */
export function review(_api: Api, call: Call): ApiResponse | undefined {
  const found = REVIEWS.find(({ resource }) => resource === call.resource);
  if (!found) return undefined;
  const { spec = {} } = readObject(call.request.body, call.request.headers['content-type']) as { spec?: Json };
  const { group, version, kind } = call.resource;
  const body = { kind, apiVersion: `${group}/${version}`, metadata: { creationTimestamp: null }, spec };
  return respondValue(call, { ...body, status: found.status(call.request) }, 201);
}

function define(group: string, name: string): Resource {
  return {
    group: `${group}.k8s.io`,
    version: 'v1',
    kind: name,
    plural: `${name.toLowerCase()}s`,
    singular: name.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: false,
    subresources: [],
    verbs: ['create'],
    schema: kind(`io.k8s.api.${group}.v1.${name}`, { spec: any(), status: any() }) as Resource['schema'],
  };
}
