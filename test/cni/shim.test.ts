/** The emitted plugin as a program: run for real where this machine can, and looked at byte by byte where it cannot. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { plugin } from '../../src/cni/install.js';
import { parseFrame, serveCni } from '../../src/cni/server.js';
import { ARCHITECTURES, emitShim } from '../../src/cni/shim/emit.js';
import { dataAddress } from '../../src/wire/elf.js';

const dir = mkdtempSync(join(tmpdir(), 'pwt-agent-'));
after(() => rmSync(dir, { recursive: true }));
const socketPath = join(dir, 'agent.sock');

interface Call {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
}

async function run(file: string, { env = {}, stdin = '' }: Call = {}) {
  const child = spawn(file, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  let stdout = '';
  child.stdout.on('data', chunk => (stdout += chunk));
  const [exitCode, signal] = await once(child, 'close');
  return { stdout, exitCode, signal };
}

function write(name: string, content: Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content, { mode: 0o755 });
  return path;
}

/** A server that hands each whole request to `reply`. */
async function listen(reply: (frame: Buffer, socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    const chunks: Uint8Array[] = [];
    socket.on('error', () => {});
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    socket.on('end', () => reply(Buffer.concat(chunks), socket));
  });
  rmSync(socketPath, { force: true });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

const foreign = (ARCHITECTURES as readonly string[]).includes(process.arch)
  ? undefined
  : `no machine code for ${process.arch}`;
const FILES: readonly (readonly [string, string | undefined])[] = [
  ['machine code', foreign === undefined ? write('shim', plugin(socketPath, process.arch)) : undefined],
  ['script', write('script', plugin(socketPath, 'riscv64'))],
];

for (const [kind, file] of FILES) {
  const skip = file === undefined && foreign;

  test(`${kind}: environment and standard input arrive whole, the answer comes back`, { skip }, async () => {
    const frames: Buffer[] = [];
    const server = await listen((frame, socket) => {
      frames.push(frame);
      socket.end(Buffer.from('{"ok":"ähm"}\0\0'));
    });
    const big = JSON.stringify({ filler: 'x'.repeat(300_000), end: true });
    const calls: Call[] = [
      { env: { CNI_COMMAND: 'ADD', CNI_ARGS: 'a=b;c=d', EMPTY: '' }, stdin: '{"cniVersion":"1.1.0"}' },
      { env: { ONE: 'y'.repeat(100_000) }, stdin: big },
      { env: {}, stdin: '' },
    ];
    for (const call of calls) {
      assert.deepEqual(await run(file!, call), { stdout: '{"ok":"ähm"}', exitCode: 0, signal: null });
      const { env, stdin } = parseFrame(frames.pop()!);
      for (const [name, value] of Object.entries(call.env!)) assert.equal(env.get(name), value, name);
      assert.equal(stdin, call.stdin);
    }
    server.close();
  });

  test(`${kind}: exit codes, large answers and empty ones come through`, { skip }, async () => {
    const answers: readonly [string, number][] = [
      ['', 0],
      ['{"code":7}', 1],
      ['z'.repeat(1_000_000), 0],
      ['', 255],
    ];
    for (const [stdout, exitCode] of answers) {
      const server = await listen((_, socket) =>
        socket.end(Buffer.concat([Buffer.from(stdout), Uint8Array.of(0, exitCode)])),
      );
      const result = await run(file!);
      server.close();
      assert.equal(result.stdout.length, stdout.length);
      assert.deepEqual(result, { stdout, exitCode, signal: null });
    }
  });

  test(`${kind}: without an agent, or with one that dies, the runtime is told to try again later`, {
    skip,
  }, async () => {
    const again = (result: Awaited<ReturnType<typeof run>>) => {
      assert.equal(result.exitCode, 1);
      assert.deepEqual(JSON.parse(result.stdout), {
        cniVersion: '1.1.0',
        code: 11,
        msg: 'the podwire agent does not answer',
        details: `no answer on ${socketPath}`,
      });
    };
    rmSync(socketPath, { force: true });
    again(await run(file!));
    // It dies: before an answer, within one, and before the request was read.
    for (const dying of [
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.end('{"cniVersion":"1.1'),
      (socket: Socket) => socket.destroy(),
    ]) {
      const server = await listen((_, socket) => dying(socket));
      again(await run(file!, { stdin: '{}' }));
      server.close();
    }
    const server = createServer(socket => socket.on('error', () => {}).destroy());
    server.listen(socketPath);
    again(await run(file!, { stdin: 'x'.repeat(1 << 20) }));
    server.close();
  });
}

test('the real server answers the real plugin', { skip: foreign }, async () => {
  const service = {
    add: async () => ({ code: 11, msg: 'not yet' }),
    remove: async () => undefined,
    check: async () => undefined,
    collect: async () => undefined,
    status: () => undefined,
  };
  rmSync(socketPath, { force: true });
  const server = await serveCni(socketPath, service);
  const config = { cniVersion: '1.0.0', name: 'net', type: 'podwire' };
  const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_IFNAME: 'eth0', CNI_NETNS: '/n' };
  const add = await run(FILES[0]![1]!, { env, stdin: JSON.stringify(config) });
  assert.deepEqual([add.exitCode, JSON.parse(add.stdout)], [1, { cniVersion: '1.0.0', code: 11, msg: 'not yet' }]);
  const del = await run(FILES[0]![1]!, { env: { ...env, CNI_COMMAND: 'DEL' }, stdin: JSON.stringify(config) });
  assert.deepEqual(del, { stdout: '', exitCode: 0, signal: null });
  await server.close();
});

test('on every processor: a static executable whose code ends in known instructions', () => {
  // The last instruction of the program is exit_group(1): by its bytes, and how they are taken by the kernel.
  const machines = { x64: [62, '0f05', 3], arm64: [183, '010000d4', 4] } as const;
  for (const arch of ARCHITECTURES) {
    const [machine, systemCall] = machines[arch];
    const file = Buffer.from(emitShim({ arch, socketPath: '/run/x.sock' }));
    assert.equal(file.toString('latin1', 0, 4), '\x7fELF');
    assert.deepEqual([file.readUInt16LE(16), file.readUInt16LE(18)], [2, machine], 'ET_EXEC, e_machine');
    const headers = [0, 1, 2].map(i => file.subarray(64 + 56 * i, 64 + 56 * (i + 1)));
    const [text, buffer, stack] = headers.map(h => ({
      type: h.readUInt32LE(0),
      flags: h.readUInt32LE(4),
      address: h.readBigUInt64LE(16),
      inFile: h.readBigUInt64LE(32),
    }));
    assert.deepEqual(text, { type: 1, flags: 5, address: 0x400000n, inFile: BigInt(file.length) });
    assert.deepEqual(
      buffer,
      { type: 1, flags: 6, address: BigInt(dataAddress(file.length - 232)), inFile: 0n },
      'no page is writable and executable',
    );
    assert.equal(stack!.flags, 6, 'the stack is not executable');
    assert.equal(file.readBigUInt64LE(24), 0x400000n + 232n, 'entry');
    const calls = file.toString('hex').split(systemCall).length - 1;
    assert.ok(calls >= 10, `${arch}: ${calls} system calls`);
    assert.ok(file.includes('/run/x.sock\0'));
    assert.ok(file.length < 1200, `${file.length} bytes`);
  }
});

test('arm64: each instruction has the bytes that the architecture says', async () => {
  const { arm64 } = await import('../../src/cni/shim/arm64.js');
  const at = (name: string) => ({ back: 0x400000 - 8, ahead: 0x400000 + 0x40 })[name]!;
  // Compared with the output of an assembler (GNU as).
  const table: readonly [Parameters<typeof arm64.encode>[0], string][] = [
    [{ op: 'stack', to: 'a' }, 'f3030091'], // mov x19, sp
    [{ op: 'set', to: 'b', value: 0x12345678 }, '14cf8ad2 9446a2f2'.replace(' ', '')],
    [{ op: 'load', to: 'e', from: 'a' }, '770240f9'], // ldr x23, [x19]
    [{ op: 'loadByte', to: 'd', from: 'b', offset: 1 }, '96064039'], // ldrb w22, [x20, #1]
    [{ op: 'storeByte', value: 'd', to: 'c' }, 'b6020039'], // strb w22, [x21]
    [{ op: 'addConstant', to: 'c', value: -2 }, 'b50a00d1'], // sub x21, x21, #2
    [{ op: 'addConstant', to: 'a', value: 8 }, '73220091'], // add x19, x19, #8
    [{ op: 'add', to: 'c', value: 'e' }, 'b502178b'], // add x21, x21, x23
    [{ op: 'subtract', to: 'd', value: 'b' }, 'd60214cb'], // sub x22, x22, x20
    [{ op: 'jump', label: 'back' }, 'feffff17'], // b .-8
    [{ op: 'jumpIfZero', register: 'b', label: 'ahead' }, '140200b4'], // cbz x20, .+0x40
    [{ op: 'jumpIfNotZero', register: 'd', label: 'back' }, 'd6ffffb5'], // cbnz x22, .-8
    [{ op: 'jumpIfNegative', register: 'a', label: 'ahead' }, '1302f8b7'], // tbnz x19, #63, .+0x40
    [
      { op: 'syscall', call: 'exit_group', args: [{ register: 'a' }], to: 'e' },
      'e00313aa c80b80d2 0800a0f2 010000d4 f70300aa'.replaceAll(' ', ''),
    ],
  ];
  for (const [instruction, expected] of table) {
    assert.equal(
      Buffer.from(arm64.encode(instruction, 0x400000, at)).toString('hex'),
      expected,
      JSON.stringify(instruction),
    );
  }
});

test('a path that no socket can have is refused', () => {
  assert.throws(() => emitShim({ arch: 'x64', socketPath: `/${'x'.repeat(107)}` }), RangeError);
});
