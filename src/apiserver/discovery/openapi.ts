/** GET /openapi/v2 and /openapi/v3: the documents of objects/openapi under the paths and media types that kubectl asks for. */

import { createHash } from 'node:crypto';
import { openapiV2 } from '../../objects/openapi/v2.js';
import { openapiV3 } from '../../objects/openapi/v3.js';
import type { Resource } from '../../objects/resources.js';
import type { ApiResponse } from '../http.js';
import { mediaRanges, notAcceptable } from '../negotiate.js';
import type { Served } from '../served.js';
import { noResource } from '../status.js';

const PROTOBUF = /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/;
/** Clients ask with an `@`, which no Content-Type may contain (RFC 6838 §4.2): Go's parser refuses it. */
const PROTOBUF_ANSWER = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const JSON_TYPE = /^(application\/(json|\*)|\*\/\*)$/;

/** Documents are made when first asked for and kept until the served resources change. */
export class OpenApi {
  readonly #documents = new Map<string, unknown>();
  #generation = -1;

  constructor(private readonly served: Served) {}

  answer(segments: readonly string[], accept: string | undefined): ApiResponse {
    const [, version, ...rest] = segments;
    if (version === 'v2' && rest.length === 0) return this.#v2(accept);
    if (version !== 'v3') throw noResource();
    if (!mediaRanges(accept).some(({ type }) => JSON_TYPE.test(type))) throw notAcceptable(['application/json']);
    return json(rest.length === 0 ? this.#index() : this.#document(rest.join('/')));
  }

  #v2(accept: string | undefined): ApiResponse {
    const document = (form: 'json' | 'protobuf') => this.#once(form, () => openapiV2(this.served.all(), form));
    for (const { type } of mediaRanges(accept)) {
      if (PROTOBUF.test(type)) return bytes(PROTOBUF_ANSWER, document('protobuf'));
      if (JSON_TYPE.test(type)) return bytes('application/json', document('json'));
    }
    throw notAcceptable(['application/json', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf']);
  }

  /** The hash lets a client keep a document until it changes. */
  #index(): object {
    const paths = [...this.#groupVersions().keys()].map(path => {
      const hash = createHash('sha256')
        .update(JSON.stringify(this.#document(path)))
        .digest('hex')
        .slice(0, 32)
        .toUpperCase();
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
    });
    return { paths: Object.fromEntries(paths) };
  }

  #document(path: string): object {
    const resources = this.#groupVersions().get(path);
    if (!resources) throw noResource();
    return this.#once(path, () => openapiV3(resources));
  }

  /** Resources by `api/v1` and `apis/GROUP/VERSION`. */
  #groupVersions(): ReadonlyMap<string, readonly Resource[]> {
    const all = [...this.served.groups()].flatMap(([group, versions]) =>
      [...versions].map(
        ([version, resources]) => [group ? `apis/${group}/${version}` : `api/${version}`, resources] as const,
      ),
    );
    return new Map(all);
  }

  #once<T>(name: string, make: () => T): T {
    if (this.#generation !== this.served.generation) this.#documents.clear();
    this.#generation = this.served.generation;
    if (!this.#documents.has(name)) this.#documents.set(name, make());
    return this.#documents.get(name) as T;
  }
}

function json(value: unknown): ApiResponse {
  return bytes('application/json', Buffer.from(JSON.stringify(value)));
}

function bytes(contentType: string, body: Uint8Array): ApiResponse {
  return { status: 200, headers: { 'content-type': contentType }, body };
}
