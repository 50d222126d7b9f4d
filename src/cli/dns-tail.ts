/** `podwire dns tail`: questions to every node's name server as they come. */

import { createInterface } from 'node:readline';
import type { TailLine } from '../agent/dns-pages.js';
import { type Declare, nameOption, outputOption } from './options.js';
import { line, type OutputFormat, paint } from './print.js';

interface TailOptions {
  readonly name: string;
  readonly pod?: string;
  readonly output: OutputFormat;
}

export const dnsTail: Declare = program => {
  program
    .command('tail')
    .description('print questions as they are answered, with the Pods that asked')
    .option('--pod <pod>', 'of one Pod only ([namespace/]name)')
    .addOption(nameOption())
    .addOption(outputOption(['text', 'json']))
    .action(run);
};

/** Until it is interrupted, or every agent is gone. */
async function run({ name, pod, output }: TailOptions): Promise<void> {
  const [{ withApi }, { resources }, { agentPage }] = await Promise.all([
    import('./connect.js'),
    import('../objects/resources.js'),
    import('./agent-page.js'),
  ]);
  const { items } = await withApi(name, api => api.list(resources.nodes));
  const only = pod === undefined || pod.includes('/') ? pod : `default/${pod}`;
  const responses = await Promise.all(items.map(node => agentPage(name, node.metadata.name!, '/dns/tail')));
  if (output === 'text') line(columns('TIME', 'CLIENT', 'TYPE', 'RCODE', 'MS', 'HANDLER', 'NAME'));
  const follow = async (response: (typeof responses)[number]) => {
    for await (const text of createInterface(response)) {
      const seen = JSON.parse(text) as TailLine;
      if (only === undefined || seen.pod === only) line(output === 'json' ? text : row(seen));
    }
  };
  await Promise.all(responses.map(follow));
}

function row({ time, client, pod, type = '', rcode, milliseconds, handler, name = '' }: TailLine): string {
  const text = columns(time.slice(11, 23), pod ?? client, type, rcode, `${milliseconds ?? ''}`, handler, name);
  return rcode === 'NOERROR' ? text : paint(rcode === 'NXDOMAIN' ? 'dim' : 'red', text);
}

const WIDTHS = [14, 30, 7, 10, 9, 10];

/** Of fixed width: what comes next is not known yet. */
function columns(...cells: readonly string[]): string {
  return cells.map((cell, i) => (i < WIDTHS.length ? `${cell.padEnd(WIDTHS[i]! - 1)} ` : cell)).join('');
}
