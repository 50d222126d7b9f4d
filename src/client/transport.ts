/** How a request reaches a Kubernetes API: a function, so that a test or a process that holds the API server needs no socket. */

export interface TransportRequest {
  readonly method: string;
  /** Percent-encoded path with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export type Transport = (request: TransportRequest) => Promise<TransportResponse>;
