/** Starts labd in the background and waits until the network is ready; finds it running otherwise. Changes nothing before all is checked. */

import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PodwireError } from '../report/errors.js';
import { ReportedFailure } from '../report/failure.js';
import { type LabConfig, labConfig } from './config.js';
import { mergeContext } from './kubeconfig.js';
import { type Places, places } from './places.js';
import { checkHost } from './preflight.js';
import { readLiving } from './processes.js';
import type { Progress } from './progress.js';
import { findRemains } from './remains.js';
import { saveConfig, savedConfig } from './saved-config.js';

const LABD = fileURLToPath(new URL('./main.js', import.meta.url));
/** Seconds until `up` says that it waits no longer. */
const PATIENCE = 60;

export interface UpResult {
  readonly config: LabConfig;
  /** False: the lab was running already. */
  readonly started: boolean;
  readonly seconds: number;
}

/** `given` are the settings that were asked for; a lab that exists keeps its own, and must not contradict them. */
export async function up(given: Partial<LabConfig>, onProgress: (progress: Progress) => void): Promise<UpResult> {
  const begun = Date.now();
  const at = places(labConfig(given).name);
  const saved = savedConfig(at.config);
  const config = labConfig({ ...saved, ...given });
  if (saved) refuseDifferences(saved, config);
  if (readLiving(at.labd)) return { config, started: false, seconds: (Date.now() - begun) / 1000 };
  if (!saved) refuseStrange(at);
  await checkHost(config, at);
  mkdirSync(at.run, { recursive: true, mode: 0o700 });
  saveConfig(at.config, config);
  await startLabd(config, at.log, onProgress);
  // Here and not in labd: this process knows whose kubeconfig it is.
  mergeContext(readFileSync(at.kubeconfig, 'utf8'));
  return { config, started: true, seconds: (Date.now() - begun) / 1000 };
}

/** Without our settings the namespaces are another one's, who may be at work in them: not to be taken over. */
function refuseStrange(at: Places): void {
  const [netns] = findRemains(at).netns;
  if (netns) throw new PodwireError('PW-L810', { lab: at.lab, file: at.config, netns });
}

function refuseDifferences(saved: LabConfig, wanted: LabConfig): void {
  const differences = (Object.keys(saved) as (keyof LabConfig)[])
    .filter(key => String(saved[key]) !== String(wanted[key]))
    .map(key => `${key} is ${saved[key]}, not ${wanted[key]}`);
  if (differences.length > 0)
    throw new PodwireError('PW-L806', { lab: saved.name, difference: differences.join(', ') });
}

async function startLabd(config: LabConfig, logPath: string, onProgress: (progress: Progress) => void): Promise<void> {
  const logFile = openSync(logPath, 'a', 0o600);
  const child = fork(LABD, [config.name], { detached: true, stdio: ['ignore', logFile, logFile, 'ipc'] });
  closeSync(logFile);
  let last = 'the first step';
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(notReady(config, last, logPath)), PATIENCE * 1000);
      child.on('message', (progress: Progress) => {
        onProgress(progress);
        if (progress.type === 'step') last = `what follows "${progress.text}"`;
        else clearTimeout(timer);
        if (progress.type === 'ready') resolve();
        if (progress.type === 'failed') reject(new ReportedFailure(progress.message, progress.advice));
      });
      child.once('exit', code => {
        clearTimeout(timer);
        reject(notReady(config, `labd ended (${code})`, logPath));
      });
    });
  } finally {
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function notReady(config: LabConfig, missing: string, log: string): PodwireError {
  return new PodwireError('PW-L805', { lab: config.name, seconds: PATIENCE, missing, log });
}
