/** Programs started by posix_spawn: descriptors, signals, sessions, ends. */

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { nullDevice, spawnProgram } from '../../src/host/spawn.js';

const path = join(tmpdir(), `pwt-kubelet-${process.pid}-spawn`);
after(() => rmSync(path, { force: true }));

/** The exit code of `sh -c script`, and what it wrote. */
async function shell(script: string, session = false): Promise<{ code: number; text: string }> {
  const out = openSync(path, 'w+');
  // While we wait, Node's event loop has no other reason to go on.
  const waiting = setInterval(() => {}, 1000);
  try {
    const { exited } = spawnProgram(
      '/bin/sh',
      ['sh', '-c', script],
      ['A=b c', 'PATH=/usr/bin:/bin'],
      [nullDevice(), out, out],
      session,
    );
    return { code: await exited, text: readFileSync(path, 'utf8') };
  } finally {
    clearInterval(waiting);
    closeSync(out);
  }
}

describe('a program', () => {
  const table: readonly (readonly [script: string, code: number, text: string])[] = [
    ['echo $A; exit 7', 7, 'b c\n'],
    ['kill -9 $$', 137, ''],
    ['echo out; echo err >&2', 0, 'out\nerr\n'],
    // Node ignores SIGPIPE; its children do not.
    ['grep -E "^Sig(Blk|Ign)" /proc/self/status', 0, 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n'],
  ];
  for (const [script, code, text] of table)
    it(script, async () => assert.deepEqual(await shell(script), { code, text }));

  it('leads a session of its own when asked to', async () => {
    const { text } = await shell('echo $$ $(ps -o sid= -p $$)', true);
    const [pid, session] = text.trim().split(/\s+/);
    assert.equal(pid, session);
  });

  it('that is not there is told as such', () => {
    assert.throws(() => spawnProgram('/no/such', ['x'], [], [], false), { code: 'ENOENT' });
  });

  it('is found among many that end at once', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, (_, i) => shell(`exit ${i}`)));
    assert.deepEqual(
      codes.map(({ code }) => code),
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it('gets its descriptors also when their numbers are low and crossed', async () => {
    const waiting = setInterval(() => {}, 1000);
    const out = openSync(path, 'w+');
    const script = `const { spawnProgram } = await import(process.argv[1]); const fs = await import('node:fs');
      fs.closeSync(0); const low = fs.openSync('/dev/null');
      const { exited } = spawnProgram('/bin/sh', ['sh', '-c', 'echo to two >&2; echo to one'], [], [2, 2, 1], false);
      setInterval(() => {}, 1000); process.exit(await exited + low);`;
    try {
      const module = new URL('../../src/host/spawn.js', import.meta.url).href;
      const child = spawnProgram(
        process.execPath,
        ['node', '--input-type=module', '-e', script, module],
        [],
        [nullDevice(), out, nullDevice()],
        false,
      );
      assert.deepEqual([await child.exited, readFileSync(path, 'utf8')], [0, 'to two\n']);
    } finally {
      clearInterval(waiting);
      closeSync(out);
    }
  });
});
