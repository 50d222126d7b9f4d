#!/usr/bin/env node
/** The command line's entry: finds the command, runs it, and turns every failure into two lines and an exit code. */

import { Command, CommanderError } from 'commander';
import { PodwireError } from '../report/errors.js';
import { COMMANDS } from './commands.js';
import { failureLines } from './print.js';

/** 0 done · 1 failed, or a check that says no · 2 wrong usage. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const program = new Command('podwire')
  .description(
    'The Kubernetes networking model for Linux: a whole cluster network on one machine, and why each packet goes where it goes',
  )
  .helpOption('-h, --help', 'show help')
  .helpCommand('help [command]', 'show help for a command')
  .showHelpAfterError('(podwire --help lists the commands)')
  .enablePositionalOptions()
  .exitOverride();

for (const describe of COMMANDS) describe(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version come as errors too, with exit code 0; commander has printed the rest itself.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.stderr.write(failureLines(error));
    process.exitCode = error instanceof PodwireError && error.code.startsWith('PW-U') ? EXIT.usage : EXIT.failed;
  }
}
