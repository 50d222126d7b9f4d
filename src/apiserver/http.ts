/** The API server's requests and responses as values: no socket is needed to ask it something. */

/** Who asks: from the client certificate (CN, O). */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface ApiRequest {
  readonly method: string;
  /** Percent-encoded path without the query, as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
  readonly user: User;
  /** Aborted when the client went away; ends a watch. */
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A whole body, or the chunks of a watch or of a followed log. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}
