/** `podwire demo`: examples/shop into the lab, then one page through the whole of it. */

import { fileURLToPath } from 'node:url';
import { PodwireError } from '../report/errors.js';
import { type Declare, nameOption } from './options.js';
import { line, step } from './print.js';

/** Seconds until the demo says what is missing. */
const PATIENCE = 60;

export const demo: Declare = program => {
  program
    .command('demo')
    .description('apply examples/shop, and fetch a page through all of it')
    .addOption(nameOption())
    .action(({ name }: { name: string }) => run(name));
};

async function run(lab: string): Promise<void> {
  const [{ withApi }, { applyManifests }, { readManifests }, { resources }] = await Promise.all([
    import('./connect.js'),
    import('../client/apply.js'),
    import('./manifests.js'),
    import('../objects/resources.js'),
  ]);
  const shop = readManifests(fileURLToPath(new URL('../../../examples/shop', import.meta.url)));
  await withApi(lab, async api => {
    const begun = performance.now();
    const elapsed = () => (performance.now() - begun) / 1000;
    await applyManifests(api, shop, () => {});
    step(`Applied examples/shop: ${shop.length} objects`, elapsed());

    const missing = async (): Promise<string | undefined> => {
      const [deployments, sets, jobs] = await Promise.all([
        api.list(resources.deployments, { namespace: 'shop' }),
        api.list(resources.statefulsets, { namespace: 'shop' }),
        api.list(resources.jobs, { namespace: 'shop' }),
      ]);
      return [
        ...deployments.items.filter(({ spec, status }) => (status?.availableReplicas ?? 0) < (spec?.replicas ?? 1)),
        ...sets.items.filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec?.replicas ?? 1)),
        ...jobs.items.filter(({ spec, status }) => (status?.succeeded ?? 0) < (spec?.completions ?? 1)),
      ]
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
        .join(', ');
    };
    for (let what = await missing(); what; what = await missing()) {
      if (elapsed() > PATIENCE) throw new PodwireError('PW-L808', { what, seconds: PATIENCE });
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    step('Every Pod is ready, and the newsletter came from the Internet', elapsed());

    const web = await api.get(resources.services, { namespace: 'shop', name: 'web' });
    const host = web.spec?.clusterIP ?? '';
    const url = `http://${host.includes(':') ? `[${host}]` : host}/?add=apple`;
    const asked = performance.now();
    const page = await (await fetch(url)).text();
    line(`\n$ curl '${url}'    # this machine → Service web → Service cart → store-0.store and Service price`);
    line(page.trimEnd());
    line(`(${(performance.now() - asked).toFixed(1)} ms)`);
  });
}
