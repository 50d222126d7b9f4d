/** Programs run in a network namespace: nft, which kube-proxy loads its rules by, and our own scripts. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { withNamespace } from '../src/host/namespace.js';

/** nft's version line, or undefined when it is not installed. */
export function nftVersion(): string | undefined {
  try {
    return execFileSync('nft', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** Loads nft commands in that namespace, by one process as kube-proxy does; milliseconds of its whole run. */
export async function load(netns: string, commands: string): Promise<number> {
  const begin = performance.now();
  await run(netns, 'nft', ['-f', '-'], commands);
  return performance.now() - begin;
}

/** Runs a program in that namespace to its end; its output. It ends with us. */
export async function run(netns: string, program: string, args: readonly string[], input = ''): Promise<string> {
  const child = withNamespace(netns, () => spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.stdin.end(input);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  process.removeListener('exit', kill);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return output;
}
