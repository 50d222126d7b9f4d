/** `podwire version`. */

import { readFileSync } from 'node:fs';
import type { Declare } from './options.js';
import { line } from './print.js';

export const version: Declare = program => {
  program
    .command('version')
    .description('print the version')
    .action(() => line(packageVersion()));
};

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
