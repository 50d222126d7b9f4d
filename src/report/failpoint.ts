/** Named places where a test may end or fail this process, to see what is left behind. Does nothing unless asked. */

const wanted = new Map(
  (process.env.PODWIRE_FAIL ?? '')
    .split(',')
    .filter(Boolean)
    .map(item => item.split(':') as [string, string]),
);

/**
 * `PODWIRE_FAIL=name:kill` ends the process here at once, as SIGKILL does; `name:error` throws. Several are separated by
 * commas. Names are `<command>-<step>`, as `add-intent`; the caller's source lists them.
 */
export function failpoint(name: string): void {
  if (wanted.size === 0) return;
  const action = wanted.get(name);
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (action === 'error') throw new Error(`failpoint ${name}`);
}
