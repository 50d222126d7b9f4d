/** The list of commands, in the order of help. Each file declares one; what it needs is loaded only when it runs. */

import type { Command } from 'commander';
import { apply } from './apply.js';
import { demo } from './demo.js';
import { dns } from './dns.js';
import { doctor } from './doctor.js';
import { down } from './down.js';
import { exec } from './exec.js';
import { explain } from './explain.js';
import { kubeconfig } from './kubeconfig.js';
import { logs } from './logs.js';
import { status } from './status.js';
import { trace } from './trace.js';
import { up } from './up.js';
import { version } from './version.js';

export const COMMANDS: readonly ((program: Command) => void)[] = [
  up,
  down,
  status,
  doctor,
  apply,
  demo,
  exec,
  logs,
  trace,
  dns,
  kubeconfig,
  explain,
  version,
];
