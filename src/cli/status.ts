/** `podwire status`: the lab on one screen. */

import type { LabStatus } from '../lab/status.js';
import { type Declare, nameOption, outputOption } from './options.js';
import { line, type OutputFormat, paint, structured, table } from './print.js';

export const status: Declare = program => {
  program
    .command('status')
    .description('show nodes, agents, Pods and Services of the lab, and what is wrong with them')
    .addOption(nameOption())
    .addOption(outputOption())
    .action(async ({ name, output }: { name: string; output: OutputFormat }) => {
      const [{ withApi }, { labStatus }] = await Promise.all([import('./connect.js'), import('../lab/status.js')]);
      const found = await withApi(name, api => labStatus(name, api));
      line((await structured(output, found)) ?? screen(found));
      if (!found.healthy) process.exitCode = 1;
    });
};

function screen({ lab, config, apiServer, nodes, pods, services, problems }: LabStatus): string {
  const mark = (ok: boolean) => (ok ? paint('green', 'ok') : paint('red', 'not ok'));
  return [
    `Lab "${lab}": ${nodes.length} nodes, profile ${config.profile}, overlay ${config.overlay}, ${config.ipFamily} stack`,
    `API server ${apiServer}, Pods ${pods.ready} of ${pods.all} ready, Services ${services}`,
    '',
    table(
      ['NODE', 'READY', 'AGENT', 'ADDRESSES', 'POD RANGES'],
      nodes.map(node => [
        node.name,
        mark(node.ready),
        node.agent ? `pid ${node.agent}` : paint('red', 'not running'),
        node.addresses.join(' '),
        node.podCidrs.join(' '),
      ]),
    ),
    ...(problems.length > 0 ? ['', 'Problems:', ...problems.map(problem => `  ${problem}`)] : []),
  ].join('\n');
}
