/** Real kubectl against the lab, in both versions: each verb as its user knows it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, KUBECTLS, Lab, type Output, ROOT, run, skip } from './lab.js';

const SHOP = join(ROOT, 'examples/shop');

describe('kubectl and the lab', { skip }, () => {
  const lab = new Lab('kubectl');
  before(() => lab.up('--nodes', '2'));
  after(() => lab.down());

  for (const { name, path } of KUBECTLS) {
    describe(name, { skip: path ? false : 'not on this machine' }, () => {
      const kubectl = (...args: string[]): Promise<Output> => run(path!, args, lab.env);
      const ok = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await kubectl(...args);
        assert.equal(code, 0, `kubectl ${args.join(' ')}\n${stdout}${stderr}`);
        return stdout;
      };

      test('apply the shop, wait for it, apply again', async () => {
        assert.match(await ok('apply', '-f', SHOP), /deployment\.apps\/web created/);
        await ok('-n', 'shop', 'rollout', 'status', 'deploy/web', '--timeout=30s');
        await ok('-n', 'shop', 'rollout', 'status', 'statefulset/store', '--timeout=30s');
        await ok('-n', 'shop', 'wait', '--for=condition=Available', 'deploy/cart', 'deploy/price', '--timeout=30s');
        await ok('-n', 'shop', 'wait', '--for=condition=complete', 'job/newsletter', '--timeout=30s');
        assert.match(await ok('apply', '-f', SHOP), /deployment\.apps\/web unchanged/);
      });

      test('get: table, wide, yaml, jsonpath, labels, all namespaces', async () => {
        assert.match(await ok('get', 'nodes'), /NAME +STATUS +ROLES +AGE +VERSION\nn1 +Ready/);
        assert.match(await ok('get', 'nodes', '-o', 'wide'), /INTERNAL-IP.*\n(.*\n)*.*172\.29\.250\.11/);
        assert.match(
          await ok('-n', 'shop', 'get', 'pods'),
          /NAME +READY +STATUS +RESTARTS +AGE\n(.*\n)*store-0 +1\/1 +Running +0/,
        );
        assert.match(
          await ok('-n', 'shop', 'get', 'pods', '-o', 'wide', '-l', 'app=web'),
          /NODE.*\nweb-\S+ +1\/1 +Running +0 +\S+ +10\.245\./,
        );
        assert.match(await ok('-n', 'shop', 'get', 'svc', 'store', '-o', 'yaml'), /clusterIP: None/);
        assert.match(
          await ok('-n', 'shop', 'get', 'pod', 'store-0', '-o', 'jsonpath={.status.podIP}'),
          /^10\.245\.\d+\.\d+$/,
        );
        assert.match(await ok('get', 'svc', '-A', '--show-labels'), /default +kubernetes +ClusterIP +10\.97\.0\.1/);
      });

      test('exec: output, input, exit code; DNS and Services as a Pod sees them', async () => {
        assert.equal((await ok('-n', 'shop', 'exec', 'store-0', '--', 'hostname')).trim(), 'store-0');
        const input = await run(
          path!,
          ['-n', 'shop', 'exec', '-i', 'store-0', '--', 'cat'],
          lab.env,
          'over the wire\n',
        );
        assert.equal(input.stdout, 'over the wire\n');
        assert.equal((await kubectl('-n', 'shop', 'exec', 'store-0', '--', 'sh', '-c', 'exit 7')).code, 7);
        assert.match(await ok('-n', 'shop', 'exec', 'deploy/web', '--', 'curl', '-sS', 'http://cart/demo'), /"items"/);
        assert.match(
          await ok('-n', 'shop', 'exec', 'deploy/web', '--', 'cat', '/etc/resolv.conf'),
          /search shop\.svc\.cluster\.local/,
        );
      });

      test('exec -t: a terminal', async () => {
        // script(1) gives kubectl the terminal that it wants to have itself.
        const output = await run('script', ['-qec', `${path} -n shop exec -it store-0 -- tty`, '/dev/null'], lab.env);
        assert.match(output.stdout, /\/dev\/pts\/\d+/);
      });

      test('logs, also followed', async () => {
        assert.match(await ok('-n', 'shop', 'logs', 'store-0'), /store listens on 7000/);
        assert.match(await ok('-n', 'shop', 'logs', 'job/newsletter'), /200 Welcome to the Internet/);
        const child = spawn(path!, ['-n', 'shop', 'logs', '-f', 'store-0'], { env: lab.env });
        let seen = '';
        child.stdout.on('data', chunk => {
          seen += chunk;
        });
        await eventually('the log', () => seen.includes('store listens'));
        child.kill();
      });

      test('port-forward to a Pod', async () => {
        const child = spawn(path!, ['-n', 'shop', 'port-forward', 'deploy/web', ':8080'], { env: lab.env });
        try {
          let said = '';
          child.stdout.on('data', chunk => {
            said += chunk;
          });
          const port = await eventually('the local port', () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]);
          const page = await (await fetch(`http://127.0.0.1:${port}/?add=bread`)).text();
          assert.match(page, /The podwire shop\n(.*\n)* *bread +3\.20/);
        } finally {
          child.kill();
        }
      });

      test('cp, there and back', async () => {
        const directory = mkdtempSync(join(tmpdir(), 'podwire-cp-'));
        try {
          const text = 'a file\n'.repeat(20_000);
          writeFileSync(join(directory, 'there'), text);
          await ok('cp', join(directory, 'there'), 'shop/store-0:/data/copied');
          await ok('cp', 'shop/store-0:/data/copied', join(directory, 'back'));
          assert.equal(readFileSync(join(directory, 'back'), 'utf8'), text);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });

      test('scale, patch, label, describe', async () => {
        await ok('-n', 'shop', 'scale', 'deploy/web', '--replicas=3');
        await ok('-n', 'shop', 'rollout', 'status', 'deploy/web', '--timeout=30s');
        await ok('-n', 'shop', 'label', 'deploy/web', 'team=front', '--overwrite');
        await ok('-n', 'shop', 'patch', 'deploy/web', '-p', '{"metadata":{"annotations":{"note":"patched"}}}');
        const described = await ok('-n', 'shop', 'describe', 'deploy/web');
        assert.match(described, /team=front/);
        assert.match(described, /note: +patched/);
        assert.match(described, /3 desired \| 3 updated \| 3 total \| 3 available/);
        assert.match(await ok('-n', 'shop', 'describe', 'pod', 'store-0'), /Started container store/);
      });

      test('rollout restart: new Pods, then none of the old', async () => {
        const names = async () =>
          (await ok('-n', 'shop', 'get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}')).split(
            ' ',
          );
        const before = await names();
        await ok('-n', 'shop', 'rollout', 'restart', 'deploy/web');
        await ok('-n', 'shop', 'rollout', 'status', 'deploy/web', '--timeout=60s');
        await eventually('none of the old Pods', async () => (await names()).every(name => !before.includes(name)), 40);
      });

      test('get -w sees a Pod come and go', async () => {
        const child = spawn(path!, ['get', 'pods', '-w', '-o', 'name'], { env: lab.env });
        let seen = '';
        child.stdout.on('data', chunk => {
          seen += chunk;
        });
        await ok('run', 'passer-by', '--image=registry.k8s.io/pause:3.10', '--restart=Never');
        await ok('wait', '--for=condition=Ready', 'pod/passer-by', '--timeout=20s');
        await ok('delete', 'pod', 'passer-by', '--grace-period=1');
        assert.match(seen, /pod\/passer-by/);
        child.kill();
        assert.match((await kubectl('get', 'pod', 'passer-by')).stderr, /pods "passer-by" not found/);
      });

      test('an image that nobody knows: the Pod says so, its neighbours never notice', async () => {
        await ok('run', 'unknown', '--image=example.com/no/such:1');
        await eventually('the reason', async () =>
          /ErrImagePull|ImagePullBackOff/.test(await ok('get', 'pod', 'unknown')),
        );
        assert.match(await ok('describe', 'pod', 'unknown'), /no\/such/);
        await ok('delete', 'pod', 'unknown', '--grace-period=1');
        assert.match(await ok('-n', 'shop', 'get', 'pod', 'store-0'), /1\/1 +Running/);
      });

      test('delete the namespace: everything in it goes', async () => {
        await ok('delete', 'namespace', 'shop', '--timeout=60s');
        assert.match((await kubectl('get', 'namespace', 'shop')).stderr, /namespaces "shop" not found/);
      });
    });
  }
});
