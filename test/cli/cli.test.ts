/** The command line's manners: help, mistakes, exit codes; what needs no lab and no root. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ERRORS } from '../../src/report/errors.js';
import { CLI } from '../lab/lab.js';

const directory = mkdtempSync(join(tmpdir(), 'podwire-cli-'));
const env = {
  ...process.env,
  PODWIRE_STATE_DIR: join(directory, 'state'),
  PODWIRE_RUN_DIR: join(directory, 'run'),
  KUBECONFIG: join(directory, 'kubeconfig'),
  NO_COLOR: '1',
};
after(() => rmSync(directory, { recursive: true }));

const manifest = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

test('what is asked, the exit code, and what is said', () => {
  const table: [args: string[], code: number, said: RegExp][] = [
    [['--help'], 0, /Usage: podwire[\s\S]*up \[options\][\s\S]*doctor/],
    [['up', '--help'], 0, /--overlay <overlay>/],
    [['version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['explain', 'pw-l802'], 0, /PW-L802 +lab '\{lab\}' is not running\n +→ start it/],
    [['explain', 'PW-X000'], 2, /PW-U901 there is no error code 'PW-X000'/],
    [['tracee'], 2, /unknown command 'tracee'/],
    [['stats'], 2, /Did you mean status/],
    [['up', '--nodes', 'three'], 2, /must be a whole number/],
    [['status', '-o', 'xml'], 2, /Allowed choices are text, json, yaml/],
    [['kubeconfig', '--name', 'nowhere'], 1, /PW-L802 lab 'nowhere' is not running\n +→ start it with `podwire up`/],
    [['status', '--name', 'nowhere'], 1, /PW-L802/],
    [['apply', '-f', join(directory, 'absent.yaml')], 2, /PW-U902 .*absent\.yaml: it does not exist/],
    [['apply', '-f', manifest('broken.yaml', 'a: [1,\nb: 2')], 2, /PW-U902 .*broken\.yaml: .* at line \d/],
    [['apply', '-f', manifest('nothing.yaml', 'a: 1')], 2, /PW-U902 .*no apiVersion, kind or metadata\.name/],
  ];
  for (const [args, code, said] of table) {
    const result = spawnSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
    const output = result.stdout + result.stderr;
    assert.match(output, said, args.join(' '));
    assert.equal(result.status, code, `${args.join(' ')}\n${output}`);
    assert.ok(!output.includes('    at '), `a stack trace for a mistake of the user: ${output}`);
  }
});

test('every error code is explained, and says what to do', () => {
  for (const [code, { cause, advice }] of Object.entries(ERRORS)) {
    assert.match(code, /^PW-[KANSPDGLU]\d{3}$/);
    assert.ok(cause.length > 0 && advice.length > 0, code);
    assert.ok(!/[.!]$/.test(cause), `${code}: the cause is a phrase, without a full stop`);
  }
});
