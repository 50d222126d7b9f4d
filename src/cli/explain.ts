/** `podwire explain CODE`: the table of errors, offline. */

import { ERRORS, type ErrorCode, PodwireError } from '../report/errors.js';
import type { Declare } from './options.js';
import { line, table } from './print.js';

export const explain: Declare = program => {
  program
    .command('explain')
    .argument('[code]', 'an error code such as PW-L802; left out: all of them')
    .description('say what an error code means and what to do')
    .action((code?: string) => {
      if (!code)
        return line(
          table(
            ['CODE', 'CAUSE'],
            Object.entries(ERRORS).map(([each, { cause }]) => [each, cause]),
          ),
        );
      const known = ERRORS[code.toUpperCase() as ErrorCode];
      if (!known) throw new PodwireError('PW-U901', { code });
      line(`${code.toUpperCase()}  ${known.cause}\n  → ${known.advice}`);
    });
};
