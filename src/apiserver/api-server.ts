/** The API server as a value: a store, what is served, and one function that answers requests. Knows no socket. */

import { logger } from '../report/log.js';
import { Admission } from './admission/admission.js';
import { serveCustomResources } from './admission/custom-resources.js';
import type { Api } from './api.js';
import { Authority } from './auth/authority.js';
import { bootstrap } from './bootstrap.js';
import { type ClusterConfig, DEFAULT_CLUSTER } from './cluster-config.js';
import { OpenApi } from './discovery/openapi.js';
import { expireEvents } from './event-expiry.js';
import type { ApiRequest, ApiResponse } from './http.js';
import type { NodeProxy } from './node-proxy.js';
import { respondError } from './respond.js';
import { REVIEW_RESOURCES } from './review/reviews.js';
import { route } from './router.js';
import { Running } from './running.js';
import { Served } from './served.js';
import { type ListenAddress, type Listening, listen, type UpgradeHandler } from './server.js';
import { ApiError } from './status.js';
import { Store } from './store/store.js';

const log = logger('apiserver');

export interface ApiServerOptions {
  /** The store and the keys live here; made with mode 0700 when missing. */
  readonly stateDir: string;
  readonly cluster?: ClusterConfig;
  /** Without one, logs, exec, attach and port-forward are refused. */
  readonly nodeProxy?: NodeProxy;
  /** Takes over connections for exec, attach and port-forward. */
  readonly upgrade?: UpgradeHandler;
}

export interface ApiServer {
  /** Answers one request. Never rejects: a failure is an answer with a Status. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  readonly authority: Authority;
  /** Serves TLS there. `names` are the DNS names and addresses that the certificate must carry. */
  listen(addresses: readonly ListenAddress[], names?: readonly string[]): Promise<Listening>;
  /** Ends watches and connections, and closes the store. */
  close(): Promise<void>;
}

/** Throws PodwireError PW-A251 or PW-A252 when the state cannot be opened. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { stateDir, cluster = DEFAULT_CLUSTER, nodeProxy, upgrade } = options;
  const store = Store.open(stateDir);
  const served = new Served();
  for (const resource of REVIEW_RESOURCES) served.add(resource);
  serveCustomResources(store, served);
  const authority = new Authority(stateDir);
  const admission = new Admission(store, served, cluster);
  const api: Api = {
    store,
    served,
    config: cluster,
    admission,
    nodeProxy,
    signToken: claims => authority.signToken(claims),
  };
  bootstrap(api);
  const running = new Running();
  const stopExpiry = expireEvents(store);
  let closed = false;
  const address = `${cluster.advertise.addresses[0] ?? '127.0.0.1'}:${cluster.advertise.port}`;
  const router = { api, openapi: new OpenApi(served), address, checks: () => ({ ping: true, store: true }) as const };
  const listening = new Set<Listening>();

  const server: ApiServer = {
    authority,
    async handle(request) {
      if (closed) return respondError(new ApiError(503, 'ServiceUnavailable', 'the API server is shutting down'));
      try {
        return await running.answer(request, known => route(router, known));
      } catch (error) {
        return respondError(asApiError(error));
      }
    },
    async listen(addresses, names = []) {
      const result = await listen(server, { addresses, names, upgrade, api });
      listening.add(result);
      return result;
    },
    async close() {
      if (closed) return;
      closed = true;
      stopExpiry();
      running.end();
      await Promise.all([...listening].map(one => one.close()));
      store.close();
    },
  };
  return server;
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  log.error('a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : error });
  return new ApiError(
    500,
    'InternalError',
    `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
    {},
  );
}
