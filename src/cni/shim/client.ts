/** The plugin for processors that we emit no code for: the same conversation as program.ts, by Node. */

import { readFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { unavailable } from './emit.js';

const socketPath = process.argv[2] ?? '';
const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}\0`);
const request = Buffer.concat([Buffer.from(`${environment.join('')}\0`), readFileSync(0)]);

const chunks: Uint8Array[] = [];
const socket = connect({ path: socketPath, allowHalfOpen: true }, () => socket.end(request));
socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
socket.on('error', () => {});
socket.on('close', () => {
  const answer = Buffer.concat(chunks);
  if (answer.length < 2 || answer.at(-2) !== 0) {
    writeSync(1, JSON.stringify(unavailable(socketPath)));
    process.exit(1);
  }
  const stdout = answer.subarray(0, -2);
  for (let at = 0; at < stdout.length; ) at += writeSync(1, stdout, at);
  process.exit(answer.at(-1));
});
