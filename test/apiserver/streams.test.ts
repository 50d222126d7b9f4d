/** What a command said reaches the client whole, whenever the client's channels open and however the command's own end. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { held, join } from '../../src/apiserver/streams/channels.js';

describe('a session of exec', () => {
  for (const [ends, end] of [
    ['ends', (stdout: PassThrough) => void stdout.end()],
    // A terminal's reader hears EIO when the last process has left it.
    ['ends with EIO', (stdout: PassThrough) => void stdout.destroy(Object.assign(new Error('EIO'), { code: 'EIO' }))],
  ] as const) {
    it(`whose output ${ends} before its client listens keeps what was said`, async () => {
      const stdout = new PassThrough();
      const session = held({ stdout, exit: Promise.resolve(0), resize() {}, kill() {} });
      stdout.write('/dev/pts/0\r\n');
      await turn();
      end(stdout);
      await turn();
      const client = new PassThrough();
      const said = text(client);
      let status: object | undefined;
      await join(session, { stdout: client, closed: new Promise(() => {}), finish: last => void (status = last) });
      assert.equal(await Promise.race([said, turn('nothing')]), '/dev/pts/0\r\n');
      assert.deepEqual(status, { metadata: {}, status: 'Success' });
    });
  }
});
