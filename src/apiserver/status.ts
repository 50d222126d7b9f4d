/** Failures as Kubernetes Status objects, in the words of the real API server. Knows no transport. */

/** metav1.StatusReason (k8s.io/apimachinery/pkg/apis/meta/v1/types.go), as far as they occur here. */
export type Reason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'TooManyRequests'
  | 'Expired'
  | 'InternalError'
  | 'ServiceUnavailable';

/** metav1.StatusCause: one thing that is wrong, and the path of its field. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** `group` '' is the core group; `resource` is the plural. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

export class ApiError extends Error {
  constructor(
    /** The HTTP status. */
    readonly status: number,
    readonly reason: Reason | '',
    message: string,
    readonly details?: Details,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** The body of the answer. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason || undefined,
      details: this.details,
      code: this.status,
    };
  }
}

/** `deployments.apps`, or `pods` in the core group. */
export function qualified({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource;
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function notFound(of: GroupResource, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(of)} "${name}" not found`, named(of, name));
}

/** No such path or resource. */
export function noResource(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(of: GroupResource, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(of)} "${name}" already exists`, named(of, name));
}

export function conflict(of: GroupResource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, named(of, name));
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(of: GroupResource, name: string, why: string): ApiError {
  return new ApiError(403, 'Forbidden', `${qualified(of)} "${name}" is forbidden: ${why}`, named(of, name));
}

/** 422 for an object of `kind` with one cause per wrong field. */
export function invalid(group: string, kind: string, name: string, causes: readonly Cause[]): ApiError {
  const lines = causes.map(cause => `${cause.field}: ${cause.message}`);
  const what = group ? `${kind}.${group}` : kind;
  const message = `${what} "${name}" is invalid: ${lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`}`;
  return new ApiError(422, 'Invalid', message, { name, group: group || undefined, kind, causes });
}

/** `FieldValueInvalid` at `field`; `value` is shown as Go's %#v would show a string or number. */
export function invalidValue(field: string, value: unknown, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}

/** What a watch or a continued list asks for is no longer remembered; the client lists anew. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

function named({ group, resource }: GroupResource, name: string): Details {
  return { name, group: group || undefined, kind: resource };
}
