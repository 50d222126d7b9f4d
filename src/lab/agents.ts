/** Keeps one agent process per node running: starts, adopts, starts again. Knows processes; what an agent does is its own affair. */

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentConfigFile } from '../agent/config.js';
import { withNamespace } from '../host/namespace.js';
import { logger } from '../report/log.js';
import type { NodePlaces } from './places.js';
import { isAlive, type ProcessRecord, processRecord, readLiving, writeRecord } from './processes.js';

const AGENT = fileURLToPath(new URL('../agent/main.js', import.meta.url));
/** How often an adopted agent, whose exit the kernel tells to somebody else, is looked at. Milliseconds. */
const LOOK = 500;
/** Restarts that follow one another quickly wait ever longer, up to this. Milliseconds. */
const LONGEST_WAIT = 5000;
const log = logger('lab');

export interface AgentKeeper {
  /** The agent's process, while it runs. */
  readonly record: ProcessRecord | undefined;
  /** Stops watching; the agent itself goes on. */
  stop(): void;
}

/** The agent runs in the node's network namespace, as a process of its own session: it outlives labd, and is adopted by the next. */
export function keepAgent(node: string, at: NodePlaces, config: AgentConfigFile): AgentKeeper {
  mkdirSync(dirname(at.agentConfig), { recursive: true, mode: 0o700 });
  writeFileSync(at.agentConfig, JSON.stringify(config, null, 2), { mode: 0o600 });
  let record = readLiving(at.agentProcess);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let quickRestarts = 0;

  const start = () => {
    const startedAt = Date.now();
    const logFile = openLog(at.agentLog);
    const child = withNamespace(at.netns, () =>
      spawn(process.execPath, [AGENT, at.agentConfig], { detached: true, stdio: ['ignore', logFile, logFile] }),
    );
    closeSync(logFile);
    child.unref();
    record = child.pid === undefined ? undefined : processRecord(child.pid);
    if (record) writeRecord(at.agentProcess, record);
    child.once('error', error => ended(startedAt, error.message));
    child.once('exit', (code, signal) => ended(startedAt, signal ?? `exit code ${code}`));
  };

  const ended = (startedAt: number, how: string) => {
    record = undefined;
    if (stopped) return;
    quickRestarts = Date.now() - startedAt < LONGEST_WAIT ? quickRestarts + 1 : 0;
    const wait = quickRestarts <= 1 ? 0 : Math.min(LONGEST_WAIT, 100 * 2 ** quickRestarts);
    log.warn('agent ended, starting it again', { node, how, wait_ms: wait });
    timer = setTimeout(start, wait);
  };

  const watchAdopted = () => {
    if (record && isAlive(record)) timer = setTimeout(watchAdopted, LOOK);
    else ended(0, 'gone');
  };

  if (record) watchAdopted();
  else start();
  return {
    get record() {
      return record;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}
