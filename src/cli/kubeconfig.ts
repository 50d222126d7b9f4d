/** `podwire kubeconfig`: prints the lab's own kubeconfig, for `kubectl --kubeconfig` and CI. */

import { existsSync, readFileSync } from 'node:fs';
import { PodwireError } from '../report/errors.js';
import { type Declare, nameOption } from './options.js';

export const kubeconfig: Declare = program => {
  program
    .command('kubeconfig')
    .description("print the lab's kubeconfig")
    .addOption(nameOption())
    .action(async ({ name }: { name: string }) => {
      const { places } = await import('../lab/places.js');
      const file = places(name).kubeconfig;
      if (!existsSync(file)) throw new PodwireError('PW-L802', { lab: name });
      process.stdout.write(readFileSync(file, 'utf8'));
    });
};
