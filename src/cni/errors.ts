/** What the plugin says when it cannot (CNI specification, section "Error"). */

/** Well-known codes; from 100 on they are the plugin's own. */
export const ErrorCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  io: 5,
  undecodable: 6,
  badConfig: 7,
  tryAgain: 11,
  /** STATUS: an ADD would fail now. */
  unavailable: 50,
  /** CHECK: the attachment is not as ADD left it. */
  damaged: 100,
  /** The kernel refused something. */
  kernel: 101,
} as const;

export interface CniError {
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

export function cniError(code: number, msg: string, details?: string): CniError {
  return details === undefined ? { code, msg } : { code, msg, details };
}

export function isCniError(value: object | undefined): value is CniError {
  return value !== undefined && 'code' in value;
}
