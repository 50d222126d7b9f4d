/** RFC 3339 times as Kubernetes writes them, and ages as kubectl shows them. Knows no clock: the caller says what now is. */

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** UTC, with as many fractional digits as came (metav1.Time has none, MicroTime six); undefined for text that is no time. */
export function canonicalTime(text: string): string | undefined {
  const match = RFC3339.exec(text);
  const millis = match ? Date.parse(text) : Number.NaN;
  if (!match || Number.isNaN(millis)) return undefined;
  // Date keeps milliseconds only; the fraction is the same in every zone.
  return `${new Date(millis).toISOString().slice(0, 19)}${match[1] ?? ''}Z`;
}

/** metav1.Time: whole seconds. */
export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** metav1.MicroTime: six digits. */
export const formatMicroTime = (date: Date): string => `${date.toISOString().slice(0, 23)}000Z`;

/** How long ago, as kubectl's AGE column: `45s`, `3m2s`, `17m`, `5h8m`, `9h`, `2d4h`, `11d`, `2y3d`, `9y`. `<unknown>` without a time. */
export function age(time: string | undefined, now: Date): string {
  return time ? humanDuration(now.getTime() - Date.parse(time)) : '<unknown>';
}

/** Milliseconds in at most two units, as k8s.io/apimachinery's duration.HumanDuration. */
export function humanDuration(millis: number): string {
  const seconds = Math.trunc(millis / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 2920 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a}${unitA}` : `${a}${unitA}${b}${unitB}`;
}
