/** The requests that are being answered, so that a closing server can end them. Knows no request's meaning. */

import type { ApiRequest, ApiResponse } from './http.js';

export class Running {
  readonly #controllers = new Set<AbortController>();

  /** Answers the request with a signal that is aborted when its client goes or when `end` is called, until its body is over. */
  async answer(request: ApiRequest, route: (request: ApiRequest) => Promise<ApiResponse>): Promise<ApiResponse> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    // Not AbortSignal.any: the signal of a client in this process may outlive thousands of requests.
    const { signal } = request;
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#controllers.add(controller);
    const done = () => {
      this.#controllers.delete(controller);
      signal?.removeEventListener('abort', abort);
    };
    try {
      const response = await route({ ...request, signal: controller.signal });
      if (!(response.body instanceof Uint8Array)) return { ...response, body: until(response.body, done) };
      done();
      return response;
    } catch (error) {
      done();
      throw error;
    }
  }

  end(): void {
    for (const controller of this.#controllers) controller.abort();
  }
}

async function* until<T>(body: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* body;
  } finally {
    done();
  }
}
