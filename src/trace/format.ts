/** A trace as text: one line per step, facts to the left, outcomes to the right. Knows no names but those it is given. */

import { addressText } from './packet.js';
import type { Trace } from './trace.js';

/** `name` says what a namespace is called; left out: the last part of its path. Ends with a newline. */
export function format(trace: Trace, name = (netns: string) => netns.replace(/^.*\//, '')): string {
  const { sent, ending, why, probability } = trace;
  const share = probability < 1 ? ` (${percent(probability)} of such packets)` : '';
  const rows: (readonly string[])[] = [];
  for (const { netns, steps } of trace.hops)
    for (const [i, { fact, outcome, cause = '' }] of steps.entries())
      rows.push([String(rows.length + 1), i === 0 ? name(netns) : '', fact, outcome, cause]);
  const head = sent ? addressText(sent) : 'nothing was sent';
  return `${head} · ${ending} ${why}${share}\n${columns(rows)}`;
}

function percent(probability: number): string {
  return `${Number((100 * probability).toFixed(1))} %`;
}

/** The first column to the right, the others to the left, the last one as it is. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]!.length)));
  const line = ([number, ...rest]: readonly string[]) =>
    [number!.padStart(widths[0]!), ...rest.map((text, i) => text.padEnd(widths[i + 1]!))].join('  ').trimEnd();
  return rows.map(row => ` ${line(row)}\n`).join('');
}
