/** Counts and histograms as Prometheus' text. Knows the format; refuses to know what is counted. */

import type { Histogram } from './histogram.js';

export type Labels = Readonly<Record<string, string>>;

export function metric(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  values: readonly (readonly [Labels, number])[],
): string {
  const lines = values.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `${heading(name, type, help)}${lines.join('')}`;
}

export function histogram(
  name: string,
  help: string,
  values: readonly (readonly [Labels, Pick<Histogram, 'values'>])[],
): string {
  const lines = values.flatMap(
    ([
      labels,
      {
        values: { buckets, sum, count },
      },
    ]) => [
      ...buckets.map(([le, value]) => `${name}_bucket${labelText({ ...labels, le })} ${value}\n`),
      `${name}_sum${labelText(labels)} ${sum}\n`,
      `${name}_count${labelText(labels)} ${count}\n`,
    ],
  );
  return `${heading(name, 'histogram', help)}${lines.join('')}`;
}

function heading(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** `{a="1",b="2"}`; a value may be anything, of which backslash, quote and line end are escaped. */
function labelText(labels: Labels): string {
  const escaped = (value: string) => value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}
