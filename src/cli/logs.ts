/** `podwire logs`: what labd, a node's agent or a Pod wrote. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PodwireError } from '../report/errors.js';
import { type Declare, nameOption } from './options.js';

interface LogsOptions {
  readonly name: string;
  readonly follow?: boolean;
  readonly container?: string;
}

export const logs: Declare = program => {
  program
    .command('logs')
    .description("print the log of labd, of a node's agent, or of a Pod")
    .argument('<source>', '`labd`, a node (n1), or a Pod ([namespace/]name)')
    .option('-f, --follow', 'go on as it grows')
    .option('-c, --container <name>', 'of a Pod with several containers')
    .addOption(nameOption())
    .action(run);
};

async function run(source: string, { name, follow, container }: LogsOptions): Promise<void> {
  const { places } = await import('../lab/places.js');
  const at = places(name);
  if (!existsSync(at.config)) throw new PodwireError('PW-L802', { lab: name });
  const file = source === 'labd' ? at.log : at.node(source).agentLog;
  if (/^[a-z0-9-]+$/.test(source) && existsSync(file)) return tail(file, follow === true);
  const { withApi } = await import('./connect.js');
  const [pod, namespace = 'default'] = source.split('/').reverse() as [string, string?];
  const query = new URLSearchParams({ ...(follow && { follow: 'true' }), ...(container && { container }) });
  await withApi(name, async api => {
    const response = await api.transport({
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`,
      headers: {},
    });
    const out = response.status === 200 ? process.stdout : process.stderr;
    for await (const chunk of response.body) out.write(chunk);
    if (response.status !== 200) process.exitCode = 1;
  });
}

/** tail(1) is on every Linux, and follows better than a loop of ours would. */
function tail(file: string, follow: boolean): Promise<void> {
  return new Promise(resolve => {
    const child = spawn('tail', ['-n', '+1', ...(follow ? ['-F'] : []), file], { stdio: 'inherit' });
    child.once('exit', () => resolve());
  });
}
