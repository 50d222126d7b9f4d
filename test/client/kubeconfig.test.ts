/** Kubeconfigs, good and bad, as people write them. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readKubeconfig } from '../../src/client/kubeconfig.js';

const dir = mkdtempSync(join(tmpdir(), 'pwt-agent-'));
after(() => rmSync(dir, { recursive: true }));
const write = (text: string) => {
  const path = join(dir, 'config');
  writeFileSync(path, text);
  return path;
};
writeFileSync(join(dir, 'ca.pem'), 'CA');
const b64 = (text: string) => Buffer.from(text).toString('base64');

const CONFIG = `
apiVersion: v1
kind: Config
current-context: lab
contexts:
- name: lab
  context: { cluster: lab, user: admin }
- name: other
  context: { cluster: lab, user: robot, namespace: shop }
clusters:
- name: lab
  cluster: { server: "https://127.0.0.1:6443", certificate-authority: ca.pem }
users:
- name: admin
  user: { client-certificate-data: ${b64('CERT')}, client-key-data: ${b64('KEY')} }
- name: robot
  user: { token: secret }
`;

test('the current context, with files beside the kubeconfig', async () => {
  const { server, ca, cert, key, token, namespace } = await readKubeconfig(write(CONFIG));
  assert.deepEqual(
    { server, ca, cert, key, token, namespace },
    { server: 'https://127.0.0.1:6443', ca: 'CA', cert: 'CERT', key: 'KEY', token: undefined, namespace: 'default' },
  );
});

test('a context by name', async () => {
  const { token, cert, namespace } = await readKubeconfig(write(CONFIG), 'other');
  assert.deepEqual([token, cert, namespace], ['secret', undefined, 'shop']);
});

test('JSON is read without the YAML parser, and gives the same', async () => {
  const { parse } = await import('yaml');
  const fromYaml = await readKubeconfig(write(CONFIG));
  assert.deepEqual(await readKubeconfig(write(JSON.stringify(parse(CONFIG)))), fromYaml);
});

test('what is wrong is said in one line', async () => {
  const table: readonly [string, RegExp][] = [
    ['', /contexts has no ''/],
    ['[1, 2', /PW-A201/],
    ['{"broken', /PW-A201/],
    [CONFIG.replace('user: admin', 'user: nobody'), /users has no 'nobody'/],
    [CONFIG.replace('https://', 'http://'), /is no https address/],
    [CONFIG.replace('ca.pem', 'gone.pem'), /gone\.pem/],
  ];
  for (const [text, expected] of table) await assert.rejects(readKubeconfig(write(text)), expected);
  await assert.rejects(readKubeconfig(join(dir, 'nothing')), /PW-A201/);
});
