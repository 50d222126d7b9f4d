/** Real kubectl against our streams: exec, attach, cp and port-forward, over WebSocket and over SPDY. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startCluster, type TestCluster } from './cluster.js';

const BIG = 50 << 20;

interface Client {
  readonly title: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly protocol: 'websocket' | 'spdy/3.1';
  readonly skip: string | false;
}

function version(command: string): number {
  const { stdout } = spawnSync(command, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  return Number(/"minor":\s*"(\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}

/** PODWIRE_KUBECTL_120 names a kubectl before 1.29, where the one on the PATH is newer. */
function clients(): Client[] {
  const missing = 'kubectl is not installed';
  const old = process.env.PODWIRE_KUBECTL_120 ?? 'kubectl';
  const minor = version('kubectl');
  const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' };
  const modern = minor === 0 ? missing : minor < 31 ? `kubectl 1.${minor} speaks no WebSocket` : false;
  const oldMinor = version(old);
  const ancient =
    oldMinor === 0 ? missing : oldMinor > 28 ? `kubectl 1.${oldMinor} is new; set PODWIRE_KUBECTL_120` : false;
  return [
    { title: 'over WebSocket', command: 'kubectl', env: {}, protocol: 'websocket', skip: modern },
    { title: 'over SPDY', command: 'kubectl', env: spdy, protocol: 'spdy/3.1', skip: minor === 0 ? missing : false },
    { title: 'of 2021', command: old, env: {}, protocol: 'spdy/3.1', skip: ancient },
  ];
}

const noScript = spawnSync('script', ['--version']).status === 0 ? false : 'script (util-linux) is not installed';

let cluster: TestCluster;
let home: string;
let echo: Server;
before(async () => {
  cluster = await startCluster();
  home = mkdtempSync(join(tmpdir(), 'pwt-streams-'));
  // Answers when the client has said everything: so a half-closed connection must work.
  echo = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  await cluster.close();
  echo.close();
  rmSync(home, { recursive: true });
});

function start(
  client: Client,
  args: readonly string[],
  flags: readonly string[] = [`--server=${cluster.url}`],
): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: '/dev/null', ...client.env };
  return spawn(client.command, [...flags, ...args], { env, cwd: home });
}

interface Result {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(client: Client, args: readonly string[], stdin?: Uint8Array, flags?: readonly string[]): Promise<Result> {
  const child = start(client, args, flags);
  const [out, err]: Buffer[][] = [[], []];
  child.stdout!.on('data', chunk => out!.push(chunk));
  child.stderr!.on('data', chunk => err!.push(chunk));
  child.stdin!.on('error', () => {});
  child.stdin!.end(stdin);
  return new Promise(resolve => {
    child.on('close', code => resolve({ code, stdout: Buffer.concat(out!), stderr: Buffer.concat(err!).toString() }));
  });
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

for (const client of clients()) {
  describe(`kubectl ${client.title}`, { skip: client.skip }, () => {
    const exec = (args: readonly string[], stdin?: Uint8Array) => run(client, ['exec', ...args], stdin);

    it('exec: output, errors and exit code', async () => {
      const { code, stdout, stderr } = await exec(['web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
      assert.deepEqual([code, stdout.toString()], [7, 'out\n']);
      assert.match(stderr, /^err\ncommand terminated with exit code 7\n$/);
      assert.equal((await exec(['web', '--', 'true'])).code, 0);
      assert.equal(cluster.upgrades.at(-1), client.protocol);
    });

    it('exec: the command as it was written, and its container', async () => {
      const strange = ['echo', 'a b', '', '*', '&x=1', 'ü%'];
      const { stdout } = await exec(['web', '-c', 'main', '--', ...strange]);
      assert.equal(stdout.toString(), `${strange.slice(1).join(' ')}\n`);
      const { command, container } = cluster.asked.at(-1)!;
      assert.deepEqual({ command, container }, { command: strange, container: 'main' });
    });

    it('exec -i: the end of input reaches the command', async () => {
      const { code, stdout } = await exec(['-i', 'web', '--', 'sh', '-c', 'wc -c; echo done'], Buffer.from('hello'));
      assert.deepEqual([code, stdout.toString().replace(/ /g, '')], [0, '5\ndone\n']);
    });

    it('exec -i: a command that reads nothing of much input ends all the same', async () => {
      const { code, stdout } = await exec(['-i', 'web', '--', 'echo', 'bye'], Buffer.alloc(4 << 20));
      assert.deepEqual([code, stdout.toString()], [0, 'bye\n']);
    });

    it('exec: 50 MB arrive whole, both ways', async () => {
      const sent = randomBytes(BIG);
      const { code, stdout } = await exec(['-i', 'web', '--', 'cat'], sent);
      assert.equal(code, 0);
      assert.equal(stdout.length, BIG);
      assert.equal(hash(stdout), hash(sent));
    });

    it('exec -t: a terminal, and its size', { skip: noScript }, async () => {
      const inner = `stty cols 100 rows 30; exec ${client.command} --server=${cluster.url} exec -it web -- head -n 1`;
      const result = await run({ ...client, command: 'script' }, ['-qefc', inner, '/dev/null'], undefined, []);
      // `script` types a NUL where its own input ends; that may come first.
      assert.match(result.stdout.toString(), /^\0?100x30$/m);
      const { tty, stdin, stderr } = cluster.asked.at(-1)!;
      assert.deepEqual({ tty, stdin, stderr }, { tty: true, stdin: true, stderr: false });
    });

    it('exec: what cannot be started is an ordinary error', async () => {
      const refused = await exec(['web', '--', 'missing']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /container not found/);
      const failed = await exec(['web', '--', 'no-such-program-anywhere']);
      assert.notEqual(failed.code, 0);
      assert.match(failed.stderr, /no-such-program-anywhere ENOENT/);
    });

    it('exec: a client that goes away takes its command with it', async () => {
      const before = cluster.killed;
      const child = start(client, ['exec', 'web', '--', 'sh', '-c', 'echo ready; exec sleep 600']);
      await new Promise(resolve => child.stdout!.once('data', resolve));
      child.kill('SIGKILL');
      while (cluster.killed === before) await new Promise(resolve => setTimeout(resolve, 5));
    });

    it('attach', async () => {
      const { code, stdout } = await run(client, ['attach', '-i', 'web'], Buffer.from('hello\n'));
      assert.equal(code, 0);
      assert.equal(stdout.toString(), 'attached\nhello\n');
    });

    it('cp: a file there and back', async () => {
      const [from, there, back] = ['from', 'there', 'back'].map(name => join(home, name)) as [string, string, string];
      writeFileSync(from, randomBytes(3 << 20));
      const up = await run(client, ['cp', from, `default/web:${there}`]);
      assert.equal(up.code, 0, up.stderr);
      assert.equal(hash(readFileSync(there)), hash(readFileSync(from)));
      const down = await run(client, ['cp', `default/web:${there}`, back]);
      assert.equal(down.code, 0, down.stderr);
      assert.equal(hash(readFileSync(back)), hash(readFileSync(from)));
    });

    it('port-forward: many connections at once, large and half-closed, and an error that stops no other', async () => {
      const { port } = echo.address() as AddressInfo;
      const child = start(client, ['port-forward', 'pod/web', `:${port}`, ':1']);
      try {
        const ports: number[] = [];
        let text = '';
        await new Promise<void>(resolve => {
          child.stdout!.on('data', chunk => {
            text += chunk;
            ports.splice(
              0,
              ports.length,
              ...[...text.matchAll(/127\.0\.0\.1:(\d+) -> /g)].map(match => Number(match[1])),
            );
            if (ports.length === 2) resolve();
          });
        });
        const sizes = [5 << 20, ...Array.from({ length: 40 }, (_, i) => i * 1000)];
        const echoed = await Promise.all(
          sizes.map(async size => {
            const sent = randomBytes(size);
            return hash(await talk(ports[0]!, sent)) === hash(sent);
          }),
        );
        assert.deepEqual(
          echoed,
          sizes.map(() => true),
        );
        const complaint = new Promise<string>(resolve => child.stderr!.once('data', chunk => resolve(String(chunk))));
        assert.equal((await talk(ports[1]!, Buffer.from('anybody?'))).length, 0);
        assert.match(await complaint, /forward/);
      } finally {
        child.kill();
      }
    });
  });
}

/** Sends everything, ends its half, and gives what came back until the other half ended. */
function talk(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => socket.end(bytes));
    socket.on('error', () => {});
    socket.on('data', chunk => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}
