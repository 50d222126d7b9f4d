/** The commands of README.md and docs/ are run, in their order, and print what stands there. UPDATE=1 writes down what they printed. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { CLI, inPath, ROOT, run, skip } from './lab.js';

const FILES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name)),
];
const UPDATE = process.env.UPDATE === '1';

const reason = skip || (inPath('kubectl') ? false : 'kubectl is not on this machine');

describe('the commands of the documentation', { skip: reason }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'podwire-readme-'));
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin', 'podwire'), `#!/bin/sh\nexec ${process.execPath} ${CLI} "$@"\n`);
  chmodSync(join(directory, 'bin', 'podwire'), 0o755);
  const env = {
    ...process.env,
    PATH: `${join(directory, 'bin')}${delimiter}${process.env.PATH}`,
    // Settings are those that a reader has: the documented default lab; only its files are elsewhere.
    PODWIRE_STATE_DIR: join(directory, 'state'),
    PODWIRE_RUN_DIR: join(directory, 'run'),
    KUBECONFIG: join(directory, 'kubeconfig'),
    NO_COLOR: '1',
    npm_command: undefined,
  };
  let taken: string | undefined;
  before(async () => {
    // The documented lab has the default ranges: where a reader's own lab runs already, its transcript cannot be made.
    const doctor = await sh('podwire doctor');
    if (doctor.code !== 0) taken = `the default lab cannot run here now:\n${doctor.stdout}`;
  });
  const sh = (command: string) => run('sh', ['-c', `cd '${ROOT}' && ${command}`], env);
  // A document begins a lab of its own, and leaves none even where it fails.
  afterEach(() => sh('podwire down'));
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const file of FILES) {
    const path = join(ROOT, file);
    const text = readFileSync(path, 'utf8');
    const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)];
    if (blocks.length === 0) continue;
    test(file, async context => {
      if (taken) return context.skip(taken);
      let updated = text;
      for (const [, block] of blocks) {
        let fresh = '';
        for (const { command, expected } of steps(block!)) {
          const { code, stdout, stderr } = await sh(command);
          assert.equal(code, 0, `$ ${command}\n${stdout}${stderr}`);
          const printed = (stdout + stderr).trimEnd();
          fresh += `$ ${command}\n${printed && `${printed}\n`}`;
          if (!UPDATE) assert.equal(shape(printed), shape(expected), `$ ${command}`);
        }
        updated = updated.replace(block!, () => fresh);
      }
      if (UPDATE) writeFileSync(path, updated);
    });
  }
});

/** `$ command` lines, each with what it printed. */
function steps(block: string): { command: string; expected: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map(step => {
      const [command, ...expected] = step.split('\n');
      return { command: command!, expected: expected.join('\n').trimEnd() };
    });
}

/** What must be equal of two outputs: words and their order; numbers, generated names, column widths and line order are not. */
function shape(text: string): string {
  return text
    .split('\n')
    .map(line =>
      line
        .replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '-HASH')
        .replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-HASH')
        .replace(/\bpw[0-9a-f]{11}\b/g, 'pwLINK')
        .replace(/\b[0-9a-f:]+::[0-9a-f:]*\b/g, 'IP6')
        .replace(/\bn[1-9]\b/g, 'nN')
        .replace(/\d+(\.\d+)*(ms|s|m)?/g, '0')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .sort()
    .join('\n');
}
