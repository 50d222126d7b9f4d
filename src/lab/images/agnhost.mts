/** The network test server that Kubernetes' own tests know as agnhost: the commands and paths of it that manifests use. Stands alone. */

import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createServer, get } from 'node:http';
import { createServer as createTcpServer, isIPv6, connect as tcpConnect } from 'node:net';
import { hostname } from 'node:os';

type Flags = Readonly<Record<string, string>>;

const COMMANDS: Readonly<Record<string, (flags: Flags, rest: readonly string[]) => void>> = {
  netexec,
  connect,
  pause: () => setInterval(() => {}, 1 << 30),
  'serve-hostname': serveHostname,
  porter,
  help: () => console.log(`agnhost of podwire: ${Object.keys(COMMANDS).join(', ')}`),
};

const [command = 'pause', ...rest] = process.argv.slice(2);
const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command]! : undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
if (run)
  run(
    flagsOf(rest),
    rest.filter(word => !word.startsWith('-')),
  );
else fail(`Error: unknown command ${JSON.stringify(command)} for "agnhost"`, 1);

/** HTTP and UDP on one port each: /hostname /clientip /echo?msg= /shell /dial /healthz /exit?code= /shutdown /header?key= /redirect. */
function netexec(flags: Flags): void {
  const httpPort = Number(flags['http-port'] ?? 8080);
  const udpPort = Number(flags['udp-port'] ?? 8081);
  const delay = Number(flags['delay-shutdown'] ?? 0) * 1000;
  let healthy = true;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://agnhost');
    const query = url.searchParams;
    const client = `${plain(request.socket.remoteAddress)}:${request.socket.remotePort}`;
    switch (url.pathname) {
      case '/':
        return response.end(`NOW: ${new Date().toISOString()}`);
      case '/hostname':
      case '/hostName':
        return response.end(hostname());
      case '/clientip':
        return response.end(client);
      case '/echo':
        response.statusCode = Number(query.get('code') ?? 200);
        return response.end(query.get('msg') ?? '');
      case '/header':
        return response.end(String(request.headers[(query.get('key') ?? '').toLowerCase()] ?? ''));
      case '/healthz':
      case '/readyz':
        response.statusCode = healthy ? 200 : 412;
        return response.end();
      case '/redirect':
        response.writeHead(Number(query.get('code') ?? 302), { location: query.get('location') ?? '/' });
        return response.end();
      case '/dial':
        response.setHeader('content-type', 'application/json');
        return response.end(JSON.stringify(await dial(query)));
      case '/exit':
        response.end();
        return setTimeout(
          () => process.exit(Number(query.get('code') ?? 0)),
          Number.parseFloat(query.get('timeout') ?? '0') * 1000,
        );
      case '/shutdown':
        return process.exit(0);
      default:
        response.statusCode = 404;
        return response.end();
    }
  });
  server.listen(httpPort, '::', () => console.log(`Started HTTP server on port ${httpPort}`));
  if (udpPort > 0) serveUdp(udpPort, `Started UDP server on port ${udpPort}`);
  if (delay === 0) return;
  process.removeAllListeners('SIGTERM').on('SIGTERM', () => {
    healthy = false;
    setTimeout(() => process.exit(0), delay);
  });
}

/** `echo TEXT` gives TEXT, `hostname` the host name, `clientip` who asks. */
function serveUdp(port: number, started: string): void {
  const socket = createSocket({ type: 'udp6' });
  socket.on('message', (message, from) => {
    const [word, ...text] = message.toString().trim().split(' ');
    const answers: Record<string, string> = {
      hostname: hostname(),
      clientip: `${plain(from.address)}:${from.port}`,
      echo: text.join(' '),
    };
    const answer = answers[(word ?? '').toLowerCase()];
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(port, '::', () => console.log(started));
}

/** Asks another netexec `tries` times, one after the other: {responses: [], errors: []}. */
async function dial(query: URLSearchParams): Promise<{ responses: string[]; errors?: string[] }> {
  const host = query.get('host') ?? '';
  const port = Number(query.get('port') ?? 8080);
  const what = query.get('request') ?? 'hostname';
  const ask = query.get('protocol') === 'udp' ? askUdp : askHttp;
  const responses: string[] = [];
  const errors: string[] = [];
  for (let i = 0; i < Number(query.get('tries') ?? 1); i++) {
    await ask(host, port, what).then(
      answer => responses.push(answer),
      (error: Error) => errors.push(error.message),
    );
  }
  return errors.length > 0 ? { responses, errors } : { responses };
}

function askHttp(host: string, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path: `/${path}`, timeout: 5000, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy(new Error('timeout'))).on('error', reject);
  });
}

async function askUdp(host: string, port: number, question: string): Promise<string> {
  const { address } = await lookup(host);
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const timer = setTimeout(() => end(() => reject(new Error('timeout'))), 5000);
    const end = (then: () => void) => {
      clearTimeout(timer);
      socket.close();
      then();
    };
    socket.on('message', answer => end(() => resolve(answer.toString())));
    socket.on('error', error => end(() => reject(error)));
    socket.send(question, port, address);
  });
}

/** One attempt: ends with 0 and nothing said, or with 1 and one of DNS, REFUSED, TIMEOUT, OTHER on standard error. */
function connect(flags: Flags, rest: readonly string[]): void {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(rest[0] ?? '');
  if (!match) return fail('OTHER: usage: connect [--timeout=30s] [--protocol=tcp] HOST:PORT', 1);
  const milliseconds = duration(flags.timeout ?? '30s');
  if (flags.protocol === 'udp') {
    const late = setTimeout(() => fail('TIMEOUT', 1), milliseconds);
    void askUdp(match[1]!, Number(match[2]), 'echo hello').then(
      () => clearTimeout(late),
      () => fail('OTHER', 1),
    );
    return;
  }
  const socket = tcpConnect({ host: match[1]!, port: Number(match[2]) }, () => process.exit(0));
  socket.setTimeout(milliseconds, () => fail('TIMEOUT', 1));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const words: Record<string, string> = {
      ECONNREFUSED: 'REFUSED',
      ETIMEDOUT: 'TIMEOUT',
      ENOTFOUND: 'DNS',
      EAI_AGAIN: 'DNS',
    };
    fail(words[error.code ?? ''] ?? `OTHER: ${error.message}`, 1);
  });
}

/** The host name over HTTP and, when asked for, over plain TCP or UDP. */
function serveHostname(flags: Flags): void {
  const port = Number(flags.port ?? 9376);
  if (flags.tcp === 'true') createTcpServer(socket => socket.end(`${hostname()}\n`)).listen(port, '::');
  else if (flags.udp !== 'true') createServer((_, response) => response.end(hostname())).listen(port, '::');
  if (flags.udp === 'true') {
    const socket = createSocket({ type: 'udp6' });
    socket.on('message', (_, from) => socket.send(hostname(), from.port, from.address)).bind(port, '::');
  }
}

/** For each SERVE_PORT_n=TEXT in the environment, HTTP on port n that answers TEXT. */
function porter(): void {
  for (const [name, text = ''] of Object.entries(process.env)) {
    const port = /^SERVE_(?:SCTP_|TLS_)?PORT_(\d+)$/.exec(name)?.[1];
    if (port && name.startsWith('SERVE_PORT_'))
      createServer((_, response) => response.end(text)).listen(Number(port), '::');
  }
}

/** `--name=value`, `--name value` or `--name`. */
function flagsOf(words: readonly string[]): Flags {
  const flags: Record<string, string> = {};
  for (const [i, word] of words.entries()) {
    const match = /^--?([\w-]+)(?:=(.*))?$/.exec(word);
    if (!match) continue;
    const next = words[i + 1];
    flags[match[1]!] = match[2] ?? (next && !next.startsWith('-') ? next : 'true');
  }
  return flags;
}

/** `1.5s`, `200ms`, `2m` in milliseconds. */
function duration(text: string): number {
  const match = /^([\d.]+)(ms|s|m)?$/.exec(text);
  return Number(match?.[1] ?? 30) * { ms: 1, s: 1000, m: 60_000 }[(match?.[2] ?? 's') as 'ms' | 's' | 'm'];
}

/** An IPv4 client of a dual-stack socket, as IPv4. */
function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`, () => process.exit(code));
}
