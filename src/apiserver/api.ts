/** What every handler gets: the server's parts, and one call as it was understood. Types only. */

import type { KubeObject, Resource, Verb } from '../objects/resources.js';
import type { Admission } from './admission/admission.js';
import type { ClusterConfig } from './cluster-config.js';
import type { ApiRequest, ApiResponse } from './http.js';
import type { Accepted } from './negotiate.js';
import type { NodeProxy } from './node-proxy.js';
import type { ResourcePath } from './request.js';
import type { Served } from './served.js';
import type { Store } from './store/store.js';

export interface Api {
  readonly store: Store;
  readonly served: Served;
  readonly config: ClusterConfig;
  readonly admission: Admission;
  readonly nodeProxy: NodeProxy | undefined;
  /** Tokens for service accounts; see subresources/token.ts. */
  readonly signToken: ((claims: Record<string, unknown>) => Promise<string>) | undefined;
}

export interface Call {
  readonly request: ApiRequest;
  readonly path: ResourcePath;
  readonly resource: Resource;
  readonly accepted: Accepted;
  /** Become Warning headers of the answer. */
  readonly warnings: string[];
}

export type Handler = (api: Api, call: Call) => ApiResponse | Promise<ApiResponse>;

export type { KubeObject, Resource, Verb };
