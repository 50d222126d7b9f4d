/** Options that several commands share, so that they are spelled and explained once. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OutputFormat } from './print.js';

/** What each command file exports. */
export type Declare = (program: Command) => void;

/** --name, else PODWIRE_LAB, else "default". */
export function nameOption(): Option {
  return new Option('--name <lab>', 'name of the lab').env('PODWIRE_LAB').default('default');
}

export function outputOption(formats: readonly OutputFormat[] = ['text', 'json', 'yaml']): Option {
  return new Option('-o, --output <format>', 'output format').choices(formats).default('text');
}

/** A whole number; anything else is a usage error that names the option. */
export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
