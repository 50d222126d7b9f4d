/** The verbs of the Kubernetes API as methods, for any resource. Knows paths, bodies and refusals; keeps no state. */

import { apiVersionOf, type KubeObject, type Resource } from '../objects/resources.js';
import { ApiFailure } from './failure.js';
import { jsonLines, text } from './stream.js';
import type { Transport } from './transport.js';

/** Which object; `namespace` only where the resource has one. */
export interface Ref {
  readonly namespace?: string;
  readonly name: string;
}

export interface Selection {
  /** Left out: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface List<T> {
  readonly items: T[];
  /** Where a watch may go on from. */
  readonly resourceVersion: string;
}

export interface Patch {
  readonly type: 'json' | 'merge' | 'strategic' | 'apply';
  readonly body: unknown;
  /** Required for `apply`. */
  readonly fieldManager?: string;
  /** Only `apply`: take over fields that others own. */
  readonly force?: boolean;
  readonly subresource?: 'status' | 'scale';
  /** What becomes of fields that the server does not know; left out: dropped, with a warning. */
  readonly fieldValidation?: 'Strict';
}

/** The fields of DeleteOptions that callers use. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** A bookmark's object carries nothing but its resourceVersion. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WatchOptions extends Selection {
  /** Left out: begins with an ADDED for everything that is there. */
  readonly resourceVersion?: string;
  /** Seconds until the server ends the watch. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML, and the server asks for this name (KEP-555).
  apply: 'application/apply-patch+yaml',
};

/** Milliseconds until a request other than a watch is given up. */
const TIMEOUT = 30_000;
const PAGE = 500;

/** Methods throw ApiFailure when the server refuses, and the transport's own error when it cannot be reached. */
export class Api {
  constructor(
    readonly transport: Transport,
    private readonly userAgent = 'podwire',
  ) {}

  get<T extends KubeObject>(resource: Resource<T>, ref: Ref): Promise<T> {
    return this.request('GET', path(resource, ref.namespace, ref.name));
  }

  /** Everything selected, in pages of `limit`; begun anew when it took so long that the server forgot where it was. */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    select: Selection & { limit?: number; signal?: AbortSignal } = {},
  ): Promise<List<T>> {
    const items: T[] = [];
    let token = '';
    let restarts = 0;
    for (;;) {
      const query = { ...selectors(select), limit: select.limit ?? PAGE, continue: token };
      try {
        const page = await this.request<{ items?: T[]; metadata: { continue?: string; resourceVersion: string } }>(
          'GET',
          path(resource, select.namespace) + search(query),
          undefined,
          {},
          select.signal,
        );
        for (const item of page.items ?? []) items.push(typed(resource, item));
        token = page.metadata.continue ?? '';
        if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
      } catch (error) {
        if (!token || !ApiFailure.isExpired(error) || ++restarts > 3) throw error;
        items.length = 0;
        token = '';
      }
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.request('POST', path(resource, object.metadata.namespace), object);
  }

  /** With a resourceVersion in the object, refused as Conflict when somebody else was faster. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.request('PUT', path(resource, object.metadata.namespace, object.metadata.name), object);
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.request('PUT', `${path(resource, object.metadata.namespace, object.metadata.name)}/status`, object);
  }

  patch<T extends KubeObject>(resource: Resource<T>, ref: Ref, patch: Patch): Promise<T> {
    const query = search({
      fieldManager: patch.fieldManager,
      force: patch.force,
      fieldValidation: patch.fieldValidation,
    });
    const target = path(resource, ref.namespace, ref.name) + (patch.subresource ? `/${patch.subresource}` : '');
    return this.request('PATCH', target + query, patch.body, { 'content-type': PATCH_TYPES[patch.type] });
  }

  /** The deleted object, the object that now waits for its grace period or finalizers, or a Status. */
  delete<T extends KubeObject>(resource: Resource<T>, ref: Ref, options: DeleteOptions = {}): Promise<T | KubeObject> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    return this.request('DELETE', path(resource, ref.namespace, ref.name), body);
  }

  /** Until the server ends it, `signal` aborts or the consumer stops. An ERROR event is thrown as ApiFailure. */
  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { resourceVersion, timeoutSeconds } = options;
    const query = { watch: 1, allowWatchBookmarks: true, ...selectors(options), resourceVersion, timeoutSeconds };
    const response = await this.transport({
      method: 'GET',
      path: path(resource, options.namespace) + search(query),
      headers: this.headers(),
      signal: options.signal,
    });
    if (response.status !== 200) throw ApiFailure.from(response.status, await text(response.body));
    for await (const line of jsonLines(response.body)) {
      const event = line as WatchEvent<T> | { type: 'ERROR'; object: unknown };
      if (event.type === 'ERROR')
        throw ApiFailure.fromStatus(event.object) ?? new ApiFailure(500, '', 'the watch broke off');
      yield event;
    }
  }

  /** Any path of the API, as `/version` or `/apis/…`; the answer is parsed JSON. */
  async request<R>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<R> {
    const timeout = AbortSignal.timeout(TIMEOUT);
    const response = await this.transport({
      method,
      path,
      headers: { ...this.headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body)),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const answer = await text(response.body);
    if (response.status >= 300) throw ApiFailure.from(response.status, answer);
    return JSON.parse(answer) as R;
  }

  private headers(): Record<string, string> {
    return { accept: 'application/json', 'user-agent': this.userAgent };
  }
}

type Path = Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>;

/** `/api/v1/namespaces/default/pods/web-0`; every segment is percent-encoded, so that no name can leave its place. */
export function path(resource: Path, namespace?: string, name?: string): string {
  const base = `/${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${base}${scope}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

function selectors({ labelSelector, fieldSelector }: Selection) {
  return { labelSelector, fieldSelector };
}

function search(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') given.set(key, String(value));
  return given.size ? `?${given}` : '';
}

/** The items of a list come without kind and apiVersion from a real API server. */
function typed<T extends KubeObject>(resource: Resource<T>, item: T): T {
  if (item.kind) return item;
  return { ...item, apiVersion: apiVersionOf(resource), kind: resource.kind };
}
