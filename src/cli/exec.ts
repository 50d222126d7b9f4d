/** `podwire exec`: a command inside a node's network, or inside a Pod. */

import { spawn } from 'node:child_process';
import { PodwireError } from '../report/errors.js';
import { type Declare, nameOption } from './options.js';

export const exec: Declare = program => {
  program
    .command('exec')
    .description("run a command in a node's network namespace, in a Pod's, or in `gateway`, `internet`, `fabric`")
    .argument('<where>', 'n1, gateway, internet, fabric, or a Pod ([namespace/]name)')
    .argument('<command...>', 'the command and its arguments, after --')
    .addOption(nameOption())
    .passThroughOptions()
    .action(run);
};

/** The command is this machine's; only the network is the other's. `kubectl exec` gives a Pod's files and environment, too. */
async function run(where: string, [...command]: string[], { name }: { name: string }): Promise<void> {
  // What is passed through comes with the `--` in front of it.
  if (command[0] === '--') command.shift();
  const [{ places }, { requireRoot }, { isNamespace, withNamespace }, { podNetns }] = await Promise.all([
    import('../lab/places.js'),
    import('../lab/preflight.js'),
    import('../host/namespace.js'),
    import('./pod-netns.js'),
  ]);
  requireRoot('podwire exec');
  const own = places(name).netns(where);
  const netns = /^[a-z0-9-]+$/.test(where) && isNamespace(own) ? own : await podNetns(name, where);
  const child = withNamespace(netns, () => spawn(command[0]!, command.slice(1), { stdio: 'inherit' }));
  // Ctrl-C is for the command; it decides when to end.
  process.on('SIGINT', () => {});
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', () => reject(new PodwireError('PW-U903', { command: command[0]! })));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? 1 : 0)));
  });
}
