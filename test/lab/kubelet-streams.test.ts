/** What kubectl does with a running Pod: logs, exec with and without a terminal, attach, port-forward. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { isReady, needsRoot, shell, TestNode, text } from './kubelet-node.js';

const skip = needsRoot;
let node: TestNode;
before(async () => {
  if (skip) return;
  node = new TestNode('streams');
  await node.create('talker', {
    containers: [shell('for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; while :; do sleep 0.05; done')],
  });
  await node.until('talker', isReady);
  await node.logged('talker', /oops/);
});
after(() => node?.destroy());

const talker = { namespace: 'default', name: 'talker' };
const open = { stdin: false, stdout: true, stderr: true, tty: false };

const queries: readonly (readonly [options: object, wanted: RegExp])[] = [
  [{}, /^(?=.*oops\n)line 1\nline 2\n/s],
  [{ tailLines: 0 }, /^$/],
  [{ limitBytes: 8 }, /^line 1\nl$/],
  [{ sinceSeconds: 3600, tailLines: 100 }, /line 1\n/],
  [{ sinceTime: '2099-01-01T00:00:00Z' }, /^$/],
  [{ timestamps: true, limitBytes: 32 }, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 1\n/],
];
for (const [options, wanted] of queries)
  test(`logs with ${JSON.stringify(options)}`, { skip }, async () => {
    assert.match(await node.logs('talker', options), wanted);
  });

test('the last lines of a log are those that came last', { skip }, async () => {
  const all = (await node.logs('talker')).split('\n');
  assert.equal(await node.logs('talker', { tailLines: 2 }), all.slice(-3).join('\n'));
});

test('a followed log goes on to the container’s end', { skip }, async () => {
  await node.create('counter', {
    restartPolicy: 'Never',
    containers: [shell('for i in 1 2 3; do echo $i; sleep 0.1; done')],
  });
  await node.until('counter', ({ status }) => status?.phase !== 'Pending');
  assert.equal(await node.logs('counter', { follow: true }), '1\n2\n3\n');
});

test('logs of a container that waits are refused with the reason', { skip }, async () => {
  await assert.rejects(
    node.logs('talker', { previous: true }),
    /previous terminated container "main" in pod "talker" not found/,
  );
  await assert.rejects(node.logs('talker', { container: 'nobody' }), /container nobody is not valid for pod talker/);
  await assert.rejects(node.logs('nobody'), /pods "nobody" not found/);
});

const commands: readonly (readonly [command: readonly string[], out: string, err: RegExp, code: number])[] = [
  [['echo', 'one'], 'one\n', /^$/, 0],
  [['sh', '-c', 'echo x > /dev/stderr; exit 42'], '', /^x\n$/, 42],
  [['sh', '-c', 'kill -TERM $$'], '', /^$/, 143],
  [
    ['nosuch'],
    '',
    /exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH\n$/,
    127,
  ],
  [['/etc/passwd'], '', /exec: "\/etc\/passwd": permission denied\n$/, 126],
  [['/no/such'], '', /exec: "\/no\/such": stat \/no\/such: no such file or directory\n$/, 127],
];
for (const [command, out, err, code] of commands)
  test(`exec ${command.join(' ')} gives ${code}`, { skip }, async () => {
    const answer = await node.exec('talker', command);
    assert.deepEqual([answer.out, answer.code], [out, code]);
    assert.match(answer.err, err);
  });

test('exec reads what is typed, to its end', { skip }, async () => {
  const session = await node.kubelet.exec(talker, { ...open, stdin: true, command: ['sort'] });
  session.stdin!.end('b\na\n');
  assert.equal(await text(session.stdout), 'a\nb\n');
  assert.equal(await session.exit, 0);
});

test('exec with a terminal has one: name, size, control characters', { skip }, async () => {
  const session = await node.kubelet.exec(talker, { ...open, stdin: true, tty: true, command: ['bash', '--norc'] });
  let seen = '';
  session.stdout!.on('data', chunk => {
    seen += chunk;
  });
  const until = async (wanted: RegExp) => {
    const give = Date.now() + 5000;
    while (!wanted.test(seen) && Date.now() < give) await new Promise(resolve => setTimeout(resolve, 5));
    assert.match(seen, wanted);
  };
  session.resize(123, 45);
  session.stdin!.write('tty; stty size; ps -o stat= $$\n');
  await until(/\/dev\/pts\/0\r\n45 123\r\n/);
  session.stdin!.write('sleep 100\n');
  await new Promise(resolve => setTimeout(resolve, 100));
  session.stdin!.write('\x03');
  session.stdin!.write('echo code $?; exit 5\n');
  await until(/code 130\r\n/);
  assert.equal(await session.exit, 5);
});

test('a command ends when its client goes away', { skip }, async () => {
  const session = await node.kubelet.exec(talker, { ...open, command: ['sh', '-c', 'sleep 987 & sleep 987'] });
  session.kill();
  assert.equal(await session.exit, 137);
  const { out } = await node.exec('talker', ['sh', '-c', 'ps ax | grep -c "[s]leep 987"']);
  assert.equal(out, '0\n');
});

test('attach talks with the container itself', { skip }, async () => {
  await node.create('echoer', {
    restartPolicy: 'Never',
    containers: [shell('while read line; do echo "got $line"; done; echo end', { stdin: true, stdinOnce: true })],
  });
  await node.until('echoer', isReady);
  const session = await node.kubelet.attach(
    { namespace: 'default', name: 'echoer' },
    { ...open, stdin: true, command: [] },
  );
  const out = text(session.stdout);
  session.stdin!.write('one\n');
  session.stdin!.end('two\n');
  assert.equal(await out, 'got one\ngot two\nend\n');
  assert.equal(await session.exit, 0);
  assert.equal(await node.logs('echoer'), 'got one\ngot two\nend\n');
});

test('attach to a terminal', { skip }, async () => {
  await node.create('terminal', {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'busybox', stdin: true, tty: true, args: ['sh'] }],
  });
  await node.until('terminal', isReady);
  const session = await node.kubelet.attach(
    { namespace: 'default', name: 'terminal' },
    { ...open, stdin: true, tty: true, command: [] },
  );
  const out = text(session.stdout);
  session.resize(99, 33);
  session.stdin!.write('stty size; exit 3\n');
  assert.match(await out, /33 99\r\n/);
  assert.equal(await session.exit, 3);
});

test('port-forward reaches a port of the Pod’s own loopback', { skip }, async () => {
  const server = `const s = require('net').createServer(c => c.on('data', d => c.end('got ' + d)));s.listen(7070, '127.0.0.1', () => console.log('up'));`;
  await node.create('server', { containers: [{ name: 'main', image: 'node:20', command: ['node', '-e', server] }] });
  await node.until('server', isReady);
  await node.logged('server', /up/);
  const ref = { namespace: 'default', name: 'server' };
  const stream = await node.kubelet.portForward(ref, 7070);
  stream.write('x');
  assert.equal(await text(stream), 'got x');
  await assert.rejects(
    node.kubelet.portForward(ref, 7071),
    /failed to connect to localhost:7071 inside the Pod: .*ECONNREFUSED/,
  );
  await once(stream, 'close').catch(() => {});
});
