/** The user's kubeconfig: our context comes beside the others and goes without a trace. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { kubeconfig, mergeContext, removeContext } from '../../src/lab/kubeconfig.js';

const OTHER = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'work', cluster: { server: 'https://work.example' } }],
  users: [{ name: 'me', user: { token: 'secret' } }],
  contexts: [{ name: 'work', context: { cluster: 'work', user: 'me', namespace: 'team' } }],
  'current-context': 'work',
  preferences: { colors: true },
};
const OURS = kubeconfig('podwire-default', {
  server: 'https://127.0.0.1:6443',
  ca: 'CA',
  certificate: 'CERT',
  key: 'KEY',
});

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podwire-kubeconfig-'));
  file = join(directory, 'deep', 'config');
  process.env.KUBECONFIG = file;
});
afterEach(() => {
  delete process.env.KUBECONFIG;
  rmSync(directory, { recursive: true });
});

test('where there was none: made for its user alone, and gone afterwards', () => {
  assert.equal(mergeContext(OURS), file);
  assert.deepEqual(parse(readFileSync(file, 'utf8')), parse(OURS));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  removeContext('default');
  assert.ok(!existsSync(file));
});

test('beside another: that one stays as it is', () => {
  mergeContext(OURS);
  writeFileSync(file, JSON.stringify(OTHER));
  mergeContext(OURS);
  mergeContext(OURS);
  const merged = parse(readFileSync(file, 'utf8'));
  assert.deepEqual(
    merged.contexts.map((context: { name: string }) => context.name),
    ['work', 'podwire-default'],
  );
  assert.equal(merged['current-context'], 'podwire-default');
  removeContext('default');
  const rest = parse(readFileSync(file, 'utf8'));
  assert.deepEqual({ ...rest, 'current-context': 'work' }, OTHER);
  assert.equal(rest['current-context'], '', 'which one was current before is not known: none is');
});

test('another lab keeps its context', () => {
  mergeContext(OURS);
  const before = readFileSync(file, 'utf8');
  removeContext('two');
  assert.equal(readFileSync(file, 'utf8'), before);
});
