/** `podwire apply`: server-side apply of manifests, for machines without kubectl. */

import { type Declare, nameOption } from './options.js';
import { line } from './print.js';

export const apply: Declare = program => {
  program
    .command('apply')
    .description('apply manifests by server-side apply (as `kubectl apply --server-side -f`)')
    .requiredOption('-f, --filename <path>', 'a file or a directory')
    .addOption(nameOption())
    .action(async ({ filename, name }: { filename: string; name: string }) => {
      const [{ withApi }, { applyManifests }, { readManifests }] = await Promise.all([
        import('./connect.js'),
        import('../client/apply.js'),
        import('./manifests.js'),
      ]);
      const objects = readManifests(filename);
      await withApi(name, api => applyManifests(api, objects, text => line(text)));
    });
};
