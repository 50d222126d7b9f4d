/** Every error a user can meet: code, cause, advice. The only place where a code is defined. */

/**
 * Classes: K kernel and host · A API · N Pod network and IPAM · S Services · P policy · D DNS · G gateways · L lab · U usage.
 * `{…}` in a text is filled from the details of the error.
 */
export const ERRORS = {
  'PW-K101': { cause: 'not root: {action} needs CAP_NET_ADMIN and CAP_SYS_ADMIN', advice: 'run it as root, for example with sudo' },
  'PW-K102': { cause: 'the kernel has no {feature}', advice: '{hint}' },
  'PW-K103': { cause: 'the kernel refused {operation}: {errno}', advice: 'see `podwire doctor`; if it finds nothing, report it with the line above' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error that is the user's to mend: shown as two lines, never with a stack trace. */
export class PodwireError extends Error {
  readonly advice: string;

  constructor(
    readonly code: ErrorCode,
    readonly details: Readonly<Record<string, string | number>> = {},
  ) {
    super(`${code} ${fill(ERRORS[code].cause, details)}`);
    this.name = 'PodwireError';
    this.advice = fill(ERRORS[code].advice, details);
  }
}

function fill(text: string, details: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? `{${key}}`));
}
