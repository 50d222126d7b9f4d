/** The API server's "no": a Kubernetes Status as an error. Knows nothing of failures on the way there. */

/** One entry of `details.causes`: which field is wrong and why. */
export interface FailureCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface FailureDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly causes?: readonly FailureCause[];
  readonly retryAfterSeconds?: number;
}

/** The server answered and refused. When it could not be reached at all, callers get the transport's own error. */
export class ApiFailure extends Error {
  constructor(
    /** HTTP status, 400..599. */
    readonly status: number,
    /** The machine's word: `NotFound`, `AlreadyExists`, `Conflict`, `Expired`, `Invalid` … */
    readonly reason: string,
    message: string,
    readonly details: FailureDetails = {},
  ) {
    super(message);
    this.name = 'ApiFailure';
  }

  /** From the body of a refusal, which need not be a Status: a proxy in between answers as it likes. */
  static from(status: number, body: string): ApiFailure {
    return (
      ApiFailure.fromStatus(parse(body), status) ??
      new ApiFailure(status, '', body.trim().slice(0, 500) || `HTTP ${status}`)
    );
  }

  /** From a Status object, as it also comes inside an ERROR event of a watch. Undefined when it is none. */
  static fromStatus(object: unknown, status = 500): ApiFailure | undefined {
    const { kind, code, reason, message, details } = (object ?? {}) as Record<string, unknown>;
    if (kind !== 'Status') return undefined;
    return new ApiFailure(
      typeof code === 'number' ? code : status,
      typeof reason === 'string' ? reason : '',
      typeof message === 'string' ? message : `HTTP ${status}`,
      (details ?? {}) as FailureDetails,
    );
  }

  /** What was asked for is not there. */
  static isNotFound(error: unknown): boolean {
    return error instanceof ApiFailure && error.status === 404;
  }

  /** The resourceVersion or continue token is too old: list again. */
  static isExpired(error: unknown): boolean {
    return error instanceof ApiFailure && error.status === 410;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
