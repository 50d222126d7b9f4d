/** The whole DNS server over real sockets: what `dig` sees, what streams and abuse see, and how upstreams are asked. */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { udpHost } from '../../src/agent/dns-udp.js';
import { FLAG, WORD } from '../../src/dns/table/memory.js';
import { Ip } from '../../src/net/ip.js';
import { type DnsServer, startDns } from '../../src/serve/dns.js';
import type { Observation } from '../../src/serve/dns-responder.js';
import { frame } from '../../src/serve/dns-tcp.js';
import { decode, encode, formatRecord, type Message, type Question } from '../../src/wire/dns.js';
import { zoneOf } from '../dns/cluster.js';
import { QUERY, record } from '../dns/text.js';
import { startUpstream, type TestUpstream } from './upstream.js';

const run = promisify(execFile);
const noDig = spawnSync('dig', ['-v']).status === 0 ? false : 'dig (Debian: dnsutils) is not installed';

const zone = zoneOf({
  'shop/web': { clusterIPs: ['10.96.12.7', 'fd00:10:96::7'], ports: [{ name: 'http', port: 80 }] },
  'shop/many': { headless: true, endpoints: Array.from({ length: 300 }, (_, i) => `10.244.${i >> 8}.${i & 255}`) },
  'shop/mail': { externalName: 'one.example.com' },
});

const LOCAL = Ip.of('127.0.0.1');
let upstream: TestUpstream;
let server: DnsServer;
let at: number;

before(async () => {
  upstream = await startUpstream((query, transport) => {
    const { name } = query.questions[0]!;
    const reply = { ...query, response: true };
    if (name === 'missing.example.com.') {
      const soa = record('example.com. 60 IN SOA ns.example.com. me.example.com. 1 2 3 4 60');
      return [{ ...reply, rcode: 3, authorities: [soa] }];
    }
    if (name === 'broken.example.com.') return [];
    if (name === 'large.example.com.' && transport === 'udp') return [{ ...reply, truncated: true }];
    return [{ ...reply, answers: [record(`${name} 60 IN A 192.0.2.1`)] }];
  });
  server = await startDns({ listen: [{ ip: LOCAL, port: 0 }], zone, host: udpHost, upstreams: [upstream] });
  at = server.listening[0]!.port;
});
after(async () => {
  upstream.close();
  await server.close();
});

/** dig's answer section in short form, line by line, and its comments. */
async function dig(...args: string[]): Promise<{ readonly short: string[]; readonly all: string }> {
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(at), '+tries=1', '+time=3', ...args]);
  const section = /;; ANSWER SECTION:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
  return {
    short: section
      .split('\n')
      .filter(Boolean)
      .map(line => line.split(/\s+/).slice(3).join(' ')),
    all: stdout,
  };
}

describe('dig', { skip: noDig }, () => {
  it('finds a Service by A, AAAA, SRV and its address', async () => {
    assert.deepEqual((await dig('web.shop.svc.cluster.local', 'A')).short, ['A 10.96.12.7']);
    assert.deepEqual((await dig('web.shop.svc.cluster.local', 'AAAA')).short, ['AAAA fd00:10:96::7']);
    const srv = await dig('_http._tcp.web.shop.svc.cluster.local', 'SRV');
    assert.deepEqual(srv.short, ['SRV 0 100 80 web.shop.svc.cluster.local.']);
    assert.match(srv.all, /ADDITIONAL: 3/);
    assert.deepEqual((await dig('-x', '10.96.12.7')).short, ['PTR web.shop.svc.cluster.local.']);
  });

  it('gets NXDOMAIN and NODATA with the SOA, authoritatively', async () => {
    const missing = await dig('nothing.shop.svc.cluster.local');
    assert.match(missing.all, /status: NXDOMAIN/);
    assert.match(missing.all, /flags: qr aa rd ra;/);
    assert.match(missing.all, /cluster\.local\.\s+5\s+IN\s+SOA/);
    const nodata = await dig('web.shop.svc.cluster.local', 'MX');
    assert.match(nodata.all, /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1/);
  });

  it('is told to come back over TCP for 300 endpoints, and gets them all', async () => {
    const udp = await dig('many.shop.svc.cluster.local', '+ignore');
    assert.match(udp.all, /flags: qr aa tc rd ra;/);
    const tcp = await dig('many.shop.svc.cluster.local');
    assert.equal(new Set(tcp.short).size, 300);
    assert.match(tcp.all, /SERVER: .*\(TCP\)/);
  });

  it('asks upstream through us, follows an ExternalName, and hears NXDOMAIN from there', async () => {
    assert.deepEqual((await dig('one.example.com')).short, ['A 192.0.2.1']);
    assert.deepEqual((await dig('mail.shop.svc.cluster.local')).short, ['CNAME one.example.com.', 'A 192.0.2.1']);
    const missing = await dig('missing.example.com');
    assert.match(missing.all, /status: NXDOMAIN/);
    assert.match(missing.all, /flags: qr rd ra;/);
  });

  it('is told why there is no answer', async () => {
    const { all } = await dig('broken.example.com');
    assert.match(all, /status: SERVFAIL/);
    assert.match(all, /EDE: 22 \(No Reachable Authority\): \(no upstream resolver answered\)/);
  });

  it('is answered without EDNS, with cookies it made up, and over TCP', async () => {
    for (const option of ['+noedns', '+cookie', '+tcp', '+bufsize=4096', '+nordflag']) {
      assert.deepEqual((await dig('web.shop.svc.cluster.local', option)).short, ['A 10.96.12.7'], option);
    }
    assert.match((await dig('web.shop.svc.cluster.local', '+edns=1', '+noednsneg')).all, /status: BADVERS/);
    assert.match((await dig('web.shop.svc.cluster.local', '+opcode=notify')).all, /status: NOTIMP/);
  });
});

const question = (name: string): Question => ({ name: name.toLowerCase(), spelled: name, type: 'A', class: 1 });
const query = (id: number, name: string): Message => ({ ...QUERY, id, questions: [question(name)] });

describe('over UDP', () => {
  it('the reply repeats the client’s spelling, and noise before it does no harm', async () => {
    const socket = createSocket('udp4');
    const replies: Message[] = [];
    const done = new Promise<void>(resolve => {
      socket.on('message', bytes => {
        replies.push(decode(bytes) as Message);
        if (replies.length === 2) resolve();
      });
    });
    const send = (bytes: Uint8Array) => socket.send(bytes, at, '127.0.0.1');
    send(new Uint8Array(5));
    send(new Uint8Array(9000));
    send(encode({ ...query(1, 'web.shop.svc.cluster.local.'), response: true }));
    send(encode(query(2, 'example.')).subarray(0, 14));
    send(encode(query(3, 'wEb.sHoP.svc.cluster.LOCAL.')));
    await done;
    socket.close();
    // What the table has overtakes what it leaves to the chain.
    replies.sort((a, b) => a.id - b.id);
    assert.deepEqual(
      replies.map(({ id, rcode }) => [id, rcode]),
      [
        [2, 1],
        [3, 0],
      ],
    );
    assert.equal(replies[1]!.questions[0]!.spelled, 'wEb.sHoP.svc.cluster.LOCAL.');
  });
});

describe('over TCP', () => {
  const talk = (chunks: readonly Uint8Array[], end: boolean): Promise<Message[]> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: at, noDelay: true, allowHalfOpen: true });
      let received = Buffer.alloc(0);
      socket.on('error', reject);
      socket.on('data', chunk => (received = Buffer.concat([received, chunk])));
      socket.on('close', () => {
        const messages: Message[] = [];
        for (let i = 0; i < received.length; i += 2 + received.readUInt16BE(i)) {
          messages.push(decode(received.subarray(i + 2, i + 2 + received.readUInt16BE(i))) as Message);
        }
        resolve(messages);
      });
      socket.on('end', () => socket.end());
      const next = (i: number) => {
        if (i < chunks.length) socket.write(chunks[i]!, () => setImmediate(next, i + 1));
        else if (end) socket.end();
      };
      next(0);
    });

  it('many queries in one piece are all answered, local ones before a forwarded one', async () => {
    const names = ['slow.example.com.', ...Array.from({ length: 100 }, () => 'web.shop.svc.cluster.local.')];
    const all = Buffer.concat(names.map((name, id) => frame(encode(query(id, name)))));
    const replies = await talk([all], true);
    assert.deepEqual(
      replies.map(({ id }) => id).sort((a, b) => a - b),
      names.map((_, id) => id),
    );
    assert.notEqual(replies[0]!.id, 0);
  });

  it('a query in single bytes is answered', async () => {
    const whole = frame(encode(query(5, 'web.shop.svc.cluster.local.')));
    const replies = await talk(
      Array.from(whole, byte => Uint8Array.of(byte)),
      true,
    );
    assert.deepEqual(
      replies.map(({ id, rcode }) => [id, rcode]),
      [[5, 0]],
    );
  });

  it('the 10,001st query ends the connection', async () => {
    const one = frame(encode(query(1, 'web.shop.svc.cluster.local.')));
    const replies = await talk([Buffer.concat(Array.from({ length: 10_100 }, () => one))], false);
    assert.equal(replies.length, 10_000);
  });

  it('who does not read is not read from: what waits for him stays small, and nothing is lost', async () => {
    const answered = () =>
      Number(/coredns_dns_requests_total\{proto="tcp",family="1",type="A"\} (\d+)/.exec(server.metrics())![1]);
    const one = frame(encode(query(1, 'many.shop.svc.cluster.local.')));
    const [reply] = await talk([one], true);
    const before = answered();
    const socket = connect({ host: '127.0.0.1', port: at });
    socket.pause();
    const count = 4000;
    socket.write(Buffer.concat(Array.from({ length: count }, () => one)));
    let last = -1;
    // Until it makes no progress any more.
    for (let now = answered(); now !== last; now = answered()) {
      last = now;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    assert.ok(last - before < count, `${last - before} of ${count} replies, which nobody reads, of 5 kB each`);
    const whole = count * frame(encode(reply!)).length;
    let bytes = 0;
    const all = new Promise<void>(resolve => socket.on('data', chunk => (bytes += chunk.length) >= whole && resolve()));
    socket.resume();
    await all;
    assert.equal(answered() - before, count);
    socket.destroy();
  });

  it('what is no query ends the connection', async () => {
    assert.deepEqual(await talk([Buffer.from('0000', 'hex')], false), []);
    assert.deepEqual(await talk([frame(new Uint8Array(20).fill(0xff))], false), []);
  });
});

describe('a restart', () => {
  it('binds while the old server still closes', async () => {
    const options = { zone, host: udpHost, upstreams: [], patienceMs: 5000 };
    const old = await startDns({ ...options, listen: [{ ip: LOCAL, port: 0 }] });
    const { port } = old.listening[0]!;
    const starting = startDns({ ...options, listen: [{ ip: LOCAL, port }] });
    setTimeout(() => void old.close(), 150);
    const next = await starting;
    assert.equal(next.listening[0]!.port, port);
    await next.close();
  });

  it('fails clearly when the address never comes', async () => {
    const elsewhere = startDns({
      listen: [{ ip: Ip.of('192.0.2.9'), port: 0 }],
      zone,
      host: udpHost,
      upstreams: [],
      patienceMs: 60,
    });
    await assert.rejects(elsewhere, /EADDRNOTAVAIL/);
  });
});

describe('metrics', () => {
  it('count questions by type and replies by rcode and handler', () => {
    assert.match(server.metrics(), /coredns_dns_requests_total\{proto="udp",family="1",type="A"\} \d+/);
    assert.match(server.metrics(), /coredns_dns_responses_total\{rcode="NOERROR",plugin="services"\} \d+/);
    assert.match(server.metrics(), /coredns_dns_request_duration_seconds_count \d+/);
  });

  it('count what the cache had, and what each upstream was asked and answered', async () => {
    const to = `127.0.0.1#${upstream.port}`;
    const count = (line: string) =>
      Number(
        server
          .metrics()
          .split('\n')
          .find(text => text.startsWith(`${line} `))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    const lines = [
      'coredns_cache_hits_total{type="success"}',
      'coredns_cache_hits_total{type="denial"}',
      'coredns_cache_misses_total',
      `coredns_forward_requests_total{to="${to}"}`,
      `coredns_forward_responses_total{to="${to}",rcode="NOERROR"}`,
      `coredns_forward_request_duration_seconds_count{to="${to}"}`,
    ];
    const before = lines.map(count);
    await dig('fresh.example.com.');
    await dig('fresh.example.com.');
    await dig('missing.example.com.');
    await dig('missing.example.com.');
    // Whether the missing name was asked for in an earlier test is the cache's to know.
    const [success, denial, misses, requests, responses, seconds] = lines.map((line, i) => count(line) - before[i]!);
    assert.equal(success, 1);
    assert.ok(denial === 1 || denial === 2);
    assert.deepEqual([misses! + denial!, requests! + denial!, seconds! + denial!], [3, 3, 3]);
    assert.equal(responses, 1);
  });
});

describe('whoever listens', () => {
  const listening = () => (Atomics.load(zone.control, WORD.flags) & FLAG.tail) !== 0;

  it('hears of what the loop answered and of what the chain did, for as long as it wants to', async () => {
    const heard: string[] = [];
    const hear = ({ question, handler }: Observation) => heard.push(`${question?.name} ${handler}`);
    const [end, endOther] = [server.tail(hear), server.tail(() => {})];
    await dig('web.shop.svc.cluster.local.');
    await dig('mail.shop.svc.cluster.local.');
    // The loop hands over what it answered after it has sent the replies.
    while (heard.length < 2) await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual(heard.sort(), ['mail.shop.svc.cluster.local. forward', 'web.shop.svc.cluster.local. table']);
    end();
    await dig('mail.shop.svc.cluster.local.');
    assert.equal(heard.length, 2);
    assert.ok(listening());
    endOther();
    assert.ok(!listening(), 'the loop is not kept busy for nobody');
  });

  it('is told what a client was told of names outside, and of those alone', async () => {
    await dig('one.example.com.');
    await dig('web.shop.svc.cluster.local.');
    const told = server.told('127.0.0.1').map(({ name, ip }) => `${name} ${ip}`);
    assert.ok(told.includes('one.example.com. 192.0.2.1'), told.join());
    assert.ok(!told.some(text => text.includes('cluster.local')));
    assert.deepEqual(server.told('127.0.0.2'), []);
  });

  it('is told what would be answered, and why', async () => {
    const { handler, why, answers } = await server.explain(
      { name: 'two.example.com.', spelled: 'two.example.com.', type: 'A', class: 1 },
      '127.0.0.1',
    );
    assert.deepEqual([handler, answers.map(formatRecord)], ['forward', ['two.example.com. 60 IN A 192.0.2.1']]);
    assert.match(why, /^not a name of the cluster, from 127\.0\.0\.1/);
  });
});
