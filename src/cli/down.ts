/** `podwire down`: the machine is as it was before `up`, whatever happened in between. */

import { type Declare, nameOption } from './options.js';
import { line } from './print.js';

export const down: Declare = program => {
  program
    .command('down')
    .description('remove the lab and everything it made; works after any crash')
    .addOption(nameOption())
    .action(async ({ name }: { name: string }) => {
      const { down } = await import('../lab/down.js');
      const { existed, seconds } = await down(name);
      line(
        existed ? `Lab "${name}" is gone after ${seconds.toFixed(1)} s.` : `There is no lab "${name}"; nothing to do.`,
      );
    });
};
