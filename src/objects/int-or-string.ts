/** Values that are a number, a percentage or a name: ports and rollout limits. */

/** The value itself, or its percentage of `total`, rounded up or down. Undefined for text that is no percentage. */
export function scaledValue(value: number | string, total: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value;
  const percent = parsePercent(value);
  if (percent === undefined) return undefined;
  // Multiplied before it is divided: 0.07 * 100 is not 7 in floating point.
  return round === 'up' ? Math.ceil((percent * total) / 100) : Math.floor((percent * total) / 100);
}

/** `25%` → 25. */
export function parsePercent(text: string): number | undefined {
  const match = /^(\d{1,9})%$/.exec(text);
  return match ? Number(match[1]) : undefined;
}
