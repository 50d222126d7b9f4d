/** `podwire up`: options to settings, progress to lines. */

import { Option } from 'commander';
import type { LabConfig } from '../lab/config.js';
import { type Declare, integer, nameOption } from './options.js';
import { line, paint, step } from './print.js';

interface UpOptions extends Partial<LabConfig> {
  readonly output: 'text' | 'json';
}

const list = (text: string) => text.split(',');

export const up: Declare = program => {
  program
    .command('up')
    .description('start the lab: nodes, API server, Pod network, Services and DNS')
    .addOption(nameOption())
    .option('--nodes <number>', 'how many nodes (default: 3)', integer)
    .option('--zones <number>', 'over how many zones the nodes are spread (default: 3)', integer)
    .addOption(
      new Option('--profile <profile>', 'how Pods are wired to their node (default: routed)').choices([
        'routed',
        'bridge',
      ]),
    )
    .addOption(
      new Option('--overlay <overlay>', 'how Pods reach other nodes (default: none, plain routes)').choices([
        'none',
        'vxlan',
      ]),
    )
    .addOption(
      new Option('--ip-family <family>', 'address families of Pods and Services (default: dual)').choices([
        'dual',
        'ipv4',
        'ipv6',
      ]),
    )
    .option('--api-port <port>', 'port of the API server (default: 6443)', integer)
    .option('--pod-cidrs <cidrs>', 'Pod ranges, IPv4 and IPv6 with a comma between', list)
    .option('--service-cidrs <cidrs>', 'Service ranges', list)
    .option('--node-cidrs <cidrs>', 'ranges of the nodes', list)
    .option('--internet-cidrs <cidrs>', "ranges of the lab's Internet", list)
    .option('--external-ip-cidrs <cidrs>', 'where externalIPs of Services may lie (default: nowhere)', list)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(run);
};

async function run({ output, ...given }: UpOptions): Promise<void> {
  const lab = await import('../lab/up.js');
  const text = output === 'text';
  const result = await lab.up(given, progress => {
    if (text && progress.type === 'step') step(progress.text, progress.seconds);
  });
  const { name } = result.config;
  if (!text) return line(JSON.stringify(result, null, 2));
  if (!result.started) return line(`Lab "${name}" is running already.`);
  line(
    `Lab "${name}" is ready after ${result.seconds.toFixed(1)} s; kubectl's context is "podwire-${name}". Now try:\n`,
  );
  // Who called through npm has no `podwire` in the PATH.
  const podwire = process.env.npm_command ? 'npx podwire' : 'podwire';
  for (const command of ['kubectl get nodes -o wide', `${podwire} demo`, `${podwire} status`])
    line(`    ${paint('bold', command)}`);
}
