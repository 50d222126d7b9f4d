/** Pods under a changing fate: packets while the agent dies and returns, foreign hands in the kernel, a full disk, spoofing. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKernel } from '../../src/host/kernel-port.js';
import { MNT_DETACH, mount, umount2 } from '../../src/host/libc.js';
import { withNamespace } from '../../src/host/namespace.js';
import { bindUdp, connectTcp, listenTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';
import { LabNode, unable } from './cni-node.js';

const PORT = 7000;

async function addPod(node: LabNode, id: string): Promise<Ip[]> {
  node.pod(id);
  const { exitCode, json } = await node.call('ADD', id);
  assert.equal(exitCode, 0, JSON.stringify(json));
  return json.ips.map(({ address }: { address: string }) => Ip.of(address.split('/')[0]!));
}

/** An echo server inside a Pod. Its connections hold no process: when the links go first, no end of theirs ever arrives. */
function echo(node: LabNode, id: string, ip: Ip): Server {
  const server = createServer(socket =>
    socket
      .unref()
      .on('error', () => {})
      .pipe(socket),
  );
  const fd = withNamespace(node.pod(id), () => listenTcp(ip, PORT));
  return server.listen({ fd });
}

async function say(socket: Socket, word: string): Promise<void> {
  socket.write(word);
  const [heard] = await once(socket, 'data', { signal: AbortSignal.timeout(5000) });
  assert.equal(String(heard), word);
}

for (const profile of ['routed', 'bridge'] as const) {
  test(`profile ${profile}: a connection between Pods, and new ones, outlive every agent`, {
    skip: unable,
  }, async t => {
    const node = new LabNode(profile);
    t.after(() => node.remove());
    await node.start();
    await addPod(node, 'c1');
    const targets = await addPod(node, 'c2');
    const servers = targets.map(ip => echo(node, 'c2', ip));
    t.after(() => servers.map(server => server.close()));
    const connect = (ip: Ip) => withNamespace(node.pod('c1'), () => connectTcp(ip, PORT));
    const lasting = targets.map(connect);
    t.after(() => lasting.map(socket => socket.destroy()));
    const talk = async (word: string) => {
      for (const socket of lasting) await say(socket, word);
      for (const ip of targets) {
        const socket = connect(ip);
        await say(socket, word);
        socket.destroy();
      }
    };
    await talk('before');
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await node.kill(signal);
      await talk(`after ${signal}`);
      await node.start();
      await talk('with the next agent');
    }
  });
}

test('what foreign hands take from a node comes back', { skip: unable }, async t => {
  const node = new LabNode('routed', 100);
  t.after(() => node.remove());
  await node.start();
  const [ip] = await addPod(node, 'c1');
  const before = node.kernel();
  const ns = node.netns.split('/').at(-1)!;
  const pod = node.pod('c1').split('/').at(-1)!;
  const link = before.find(word => word.startsWith('link '))!.slice(5);
  for (const command of [
    ['ip', '-n', ns, 'route', 'del', String(ip)],
    ['ip', '-n', ns, 'link', 'del', link],
    ['ip', 'netns', 'exec', ns, 'nft', 'flush', 'ruleset'],
  ]) {
    execFileSync(command[0]!, command.slice(1), { stdio: 'pipe' });
    for (let i = 0; String(node.kernel()) !== String(before); i++) {
      assert.ok(i < 100, `${command.join(' ')} stays: ${node.kernel()}`);
      await sleep(50);
    }
    await sleep(150);
    assert.match(
      execFileSync('ip', ['-n', pod, 'route'], { encoding: 'utf8' }),
      /default via 169\.254\.1\.1/,
      command.join(' '),
    );
  }
  assert.ok((await node.metrics()).get('podwire_reconcile_repairs_total')! > 0);
});

test('a spoofed source passes nothing', { skip: unable }, async t => {
  const node = new LabNode();
  t.after(() => node.remove());
  await node.start();
  const honest = (await addPod(node, 'c1'))[0]!;
  const target = (await addPod(node, 'c2'))[0]!;
  const spoofed = Ip.of('10.244.1.77');
  const inside = openKernel(node.pod('c1'));
  inside.apply([{ verb: 'add', object: { kind: 'address', link: 'eth0', ip: spoofed, prefix: 32 } }]);
  inside.close();
  const udp = (id: string, ip: Ip, port: number) => {
    const socket = createSocket(ip.family === 4 ? 'udp4' : 'udp6');
    t.after(() => socket.close());
    socket.bind({ fd: withNamespace(node.pod(id), () => bindUdp(ip, port)) });
    return socket;
  };
  const server = udp('c2', target, PORT);
  const sources: string[] = [];
  server.on('message', (_, from) => sources.push(from.address));
  // What is sent later arrives later: all goes through the same two links.
  for (const ip of [spoofed, honest]) udp('c1', ip, 0).send('hello', PORT, String(target));
  for (let i = 0; !sources.includes(String(honest)); i++) {
    assert.ok(i < 500, 'the honest one arrives');
    await sleep(10);
  }
  assert.deepEqual(sources, [String(honest)]);
});

test('a full disk refuses ADD and leaves nothing; with room again it goes on', { skip: unable }, async t => {
  const node = new LabNode();
  mkdirSync(node.stateDir, { recursive: true });
  mount('none', node.stateDir, 'tmpfs', 0, 'size=16k');
  t.after(async () => {
    await node.kill();
    umount2(node.stateDir, MNT_DETACH);
    await node.remove();
  });
  await node.start();
  await addPod(node, 'c1');
  assert.throws(() => writeFileSync(join(node.stateDir, 'filler'), Buffer.alloc(64 << 10)), /ENOSPC/);
  for (let i = 2; i < 40; i++) node.pod(`c${i}`);
  // The journal's last page still takes some lines.
  let refused = 2;
  for (; refused < 40; refused++) if ((await node.call('ADD', `c${refused}`)).exitCode !== 0) break;
  assert.ok(refused < 40, 'the disk is full at some time');
  assert.equal((await node.call('ADD', `c${refused}`)).json.code, 5);
  assert.equal((await node.audit()).length, refused - 1);
  rmSync(join(node.stateDir, 'filler'));
  assert.equal((await node.call('ADD', `c${refused}`)).exitCode, 0);
  assert.equal((await node.audit()).length, refused);
});

test('a damaged journal is refused in one line, and nothing is touched', { skip: unable }, async t => {
  const node = new LabNode();
  t.after(() => node.remove());
  await node.start();
  await addPod(node, 'c1');
  await node.kill();
  const before = node.kernel();
  const path = join(node.stateDir, 'attachments');
  const damaged = readFileSync(path, 'utf8').replace('"routed"', '"rou');
  writeFileSync(path, damaged);
  const agent = node.spawn('', undefined, 'pipe');
  let said = '';
  agent.stderr!.on('data', chunk => (said += chunk));
  const [code] = await once(agent, 'close');
  assert.deepEqual([code, said.split('\n').length], [1, 2]);
  assert.match(said, /PW-N302 .*line 2 is no record/);
  assert.deepEqual(node.kernel(), before);
  assert.equal(readFileSync(path, 'utf8'), damaged);
});
