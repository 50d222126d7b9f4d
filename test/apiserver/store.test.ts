import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Store } from '../../src/apiserver/store/store.js';

/** A state directory of its own, gone after the test. */
function directory(t: { after(fn: () => void): void }): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'pwt-store-'));
  t.after(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

const object = (name: string, data: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

/** Everything in the store as `key@revision data`, one line each. */
function content(store: Store): string[] {
  return [...store.collection('configmaps').list('')].map(e => `${e.key}@${e.revision} ${e.object.data}`);
}

function reopened<T>(path: string, use: (store: Store) => T): T {
  const store = Store.open(path);
  try {
    return use(store);
  } finally {
    store.close();
  }
}

test('what was written is there after a restart, with its revisions and its recent history', t => {
  const path = directory(t);
  const before = reopened(path, store => {
    store.put('/configmaps/default/a', object('a', '1'));
    store.put('/configmaps/default/b', object('b', '1'));
    store.put('/configmaps/default/a', object('a', '2'));
    store.delete('/configmaps/default/b');
    return { lines: content(store), revision: store.revision };
  });
  assert.deepEqual(before.lines, ['/configmaps/default/a@4 2']);
  reopened(path, store => {
    assert.deepEqual(content(store), before.lines);
    assert.equal(store.revision, before.revision);
    const events = store.collection('configmaps').since(2, 100)!;
    assert.deepEqual(
      events.map(({ type, revision, entry }) => `${type} ${entry.key}@${revision}`),
      ['ADDED /configmaps/default/b@3', 'MODIFIED /configmaps/default/a@4', 'DELETED /configmaps/default/b@5'],
    );
  });
});

test('a file cut at any byte of its last records opens with every whole record before the cut', t => {
  const path = directory(t);
  const file = join(path, 'store.log');
  const ends: number[] = [];
  reopened(path, store => {
    for (let i = 0; i < 5; i++) {
      store.put(`/configmaps/default/k${i}`, object(`k${i}`, 'é'.repeat(i)));
      ends.push(fs.statSync(file).size);
    }
  });
  const whole = fs.readFileSync(file);
  for (let cut = 0; cut <= whole.length; cut++) {
    fs.writeFileSync(file, whole.subarray(0, cut));
    const expected = ends.filter(end => end <= cut).length;
    reopened(path, store => {
      assert.equal(content(store).length, expected, `cut at byte ${cut}`);
      store.put('/configmaps/default/new', object('new', 'x'));
    });
    reopened(path, store => assert.equal(content(store).length, expected + 1, `written after a cut at byte ${cut}`));
  }
});

test('zeros at the end, as a power cut leaves them, are cut off', t => {
  const path = directory(t);
  const file = join(path, 'store.log');
  reopened(path, store => store.put('/configmaps/default/a', object('a', '1')));
  for (const zeros of [1, 11, 12, 13, 4096]) {
    fs.appendFileSync(file, Buffer.alloc(zeros));
    reopened(path, store => assert.deepEqual(content(store), ['/configmaps/default/a@2 1']));
  }
});

test('a flipped bit before the tail is one clear error, and the file stays as it is', t => {
  const path = directory(t);
  const file = join(path, 'store.log');
  reopened(path, store => {
    for (let i = 0; i < 3; i++) store.put(`/configmaps/default/k${i}`, object(`k${i}`, 'x'.repeat(40)));
  });
  const whole = fs.readFileSync(file);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x10;
    fs.writeFileSync(file, damaged);
    assert.throws(() => Store.open(path), /PW-A252 .*store\.log is corrupt at byte \d+/, `bit flipped in byte ${at}`);
    assert.deepEqual(fs.readFileSync(file), damaged);
  }
});

test('compaction keeps every object and forgets history, also across a restart', t => {
  const path = directory(t);
  const lines = reopened(path, store => {
    for (let i = 0; i < 200; i++) store.put(`/configmaps/default/k${i % 10}`, object(`k${i % 10}`, String(i)));
    store.delete('/configmaps/default/k9');
    const size = fs.statSync(join(path, 'store.log')).size;
    store.compact();
    assert.ok(fs.statSync(join(path, 'store.log')).size < size / 10);
    store.put('/configmaps/default/after', object('after', 'x'));
    return content(store);
  });
  assert.equal(lines.length, 10);
  reopened(path, store => {
    assert.deepEqual(content(store), lines);
    assert.equal(store.revision, 203);
    assert.equal(store.collection('configmaps').since(201, 10), undefined, 'too old');
    assert.equal(store.collection('configmaps').since(202, 10)!.length, 1);
    assert.equal(store.collection('pods').since(201, 10), undefined, 'also of resources that were never seen');
  });
});

test('two servers cannot open one store; a lock whose process is gone is taken over', t => {
  const path = directory(t);
  const store = Store.open(path);
  assert.throws(() => Store.open(path), new RegExp(`PW-A251 .* in use by process ${process.pid}`));
  store.close();
  fs.writeFileSync(join(path, 'lock'), `${process.pid} 1\n`); // same id, another process: its start time differs
  reopened(path, again => assert.equal(again.revision, 1));
});

test('a writer that is killed loses nothing that it said was written', { timeout: 60_000 }, async t => {
  const path = directory(t);
  const writer = fileURLToPath(new URL('store-writer.js', import.meta.url));
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', chunk => {
      said += chunk;
      // Each round dies elsewhere in its work; killing is all that ends the writer.
      if (said.length > 2000 + round * 1500) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const acknowledged = said.slice(0, said.lastIndexOf('\n')).split('\n');
    reopened(path, store => {
      for (const key of acknowledged) assert.ok(store.get(key), `${key} was acknowledged in round ${round}`);
    });
  }
});
