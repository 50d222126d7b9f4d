/** GET /livez, /readyz and /healthz, with ?verbose: one line per check. Pure. */

/** Each check says true, or what is wrong. */
export type Checks = Readonly<Record<string, true | string>>;

/** 200 `ok`, or 500 with the checks that fail; `verbose` lists all. */
export function healthAnswer(path: string, checks: Checks, verbose: boolean): { status: number; text: string } {
  const failed = Object.values(checks).some(result => result !== true);
  if (!failed && !verbose) return { status: 200, text: 'ok' };
  const lines = Object.entries(checks).map(([name, result]) =>
    result === true ? `[+]${name} ok` : `[-]${name} failed: ${result}`,
  );
  const check = path.slice(1);
  return { status: failed ? 500 : 200, text: `${lines.join('\n')}\n${check} check ${failed ? 'failed' : 'passed'}\n` };
}
