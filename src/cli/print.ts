/** How answers and failures look on a terminal and in a pipe. Knows formats; refuses to know what is printed. */

import { styleText } from 'node:util';
import { ApiFailure } from '../client/failure.js';
import { PodwireError } from '../report/errors.js';
import { ReportedFailure } from '../report/failure.js';

export type OutputFormat = 'text' | 'wide' | 'json' | 'yaml';

/** Colours only where a person looks and has not said no (https://no-color.org). */
export function paint(
  style: 'green' | 'red' | 'yellow' | 'bold' | 'dim',
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  return stream.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text;
}

export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** One step of something that takes a while: ` ✓ Nodes ready 0.4s`. */
export function step(text: string, seconds: number): void {
  line(` ${paint('green', '✓')} ${text} ${paint('dim', `${seconds.toFixed(1)}s`)}`);
}

/** Columns as kubectl prints them: upper-case heads, three spaces between. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)));
  const format = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]! + 3))).join('');
  return [format(head), ...rows.map(format)].join('\n');
}

/** `-o json` and `-o yaml`; undefined for the formats that the command prints itself. */
export async function structured(format: OutputFormat, value: unknown): Promise<string | undefined> {
  if (format === 'json') return JSON.stringify(value, null, 2);
  if (format === 'yaml') return (await import('yaml')).stringify(value).trimEnd();
  return undefined;
}

/** What went wrong, and what to do: a user's mistake never shows a stack trace. */
export function failureLines(error: unknown): string {
  const cross = paint('red', '✗', process.stderr);
  if (error instanceof PodwireError || error instanceof ReportedFailure)
    return `${cross} ${error.message}\n${error.advice ? `  → ${error.advice}\n` : ''}`;
  // The API server's "no" is for the author of what it refused.
  if (error instanceof ApiFailure) return `${cross} ${error.message}\n`;
  // Not the user's: the stack is what a bug report needs.
  return `${cross} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
