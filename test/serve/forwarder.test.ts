/** The forwarder against upstreams that are slow, silent, wrong or hostile. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { makeCertificate } from '../../src/apiserver/auth/x509.js';
import { DNS_DEFAULTS } from '../../src/dns/config.js';
import { Ip } from '../../src/net/ip.js';
import { DnsCache } from '../../src/serve/dns-cache.js';
import { createForwarder, type Forwarder, type ForwarderOptions } from '../../src/serve/dns-forwarder.js';
import { createResponder } from '../../src/serve/dns-responder.js';
import type { Resolution } from '../../src/serve/dns-turns.js';
import { encode, type Message, type Question } from '../../src/wire/dns.js';
import { zoneOf } from '../dns/cluster.js';
import { record } from '../dns/text.js';
import { startUpstream, type TestUpstream } from './upstream.js';

const FLAGS = { dnssecOk: false, checkingDisabled: false };
const question = (name: string): Question => ({ name, spelled: name, type: 'A', class: 1 });
const good = (query: Message, ip = '192.0.2.1', ttl = 60): Message => ({
  ...query,
  ...{ response: true, answers: [record(`${query.questions[0]!.name} ${ttl} IN A ${ip}`)] },
});
const addresses = ({ message }: Resolution) =>
  message.answers.map(({ data }) => ('ip' in data ? String(data.ip) : data.type));
const forward = (options: Omit<ForwarderOptions, 'config'>, config = DNS_DEFAULTS) =>
  createForwarder({ ...options, config });

const CA = { subject: { commonName: 'a test' } };

type Behaviour = Parameters<typeof startUpstream>[0];

/** Runs the story with upstreams that behave so. */
async function withUpstreams(
  behaviours: readonly Behaviour[],
  story: (upstreams: TestUpstream[]) => Promise<void>,
): Promise<void> {
  const upstreams = await Promise.all(behaviours.map(behave => startUpstream(behave)));
  try {
    await story(upstreams);
  } finally {
    for (const upstream of upstreams) upstream.close();
  }
}

describe('the forwarder', () => {
  it('takes the next upstream when one is silent, and remembers which', () =>
    withUpstreams([() => [], query => [good(query)]], async ([silent, fine]) => {
      const forwarder = forward({ upstreams: [silent!, fine!], patienceMs: 50 });
      assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      assert.deepEqual(addresses(await forwarder.resolve(question('b.example.'), FLAGS)), ['192.0.2.1']);
      assert.equal(silent!.seen.length, 1);
    }));

  it('takes the next when one fails, and gives back the failure when all do', () =>
    withUpstreams(
      [query => [{ ...query, response: true, rcode: 2 }], query => [good(query)]],
      async ([failing, fine]) => {
        const both = forward({ upstreams: [failing!, fine!] });
        assert.deepEqual(addresses(await both.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
        const one = forward({ upstreams: [failing!] });
        assert.equal((await one.resolve(question('a.example.'), FLAGS)).message.rcode, 2);
      },
    ));

  it('gives up after its time when nobody answers, or when nobody is there', () =>
    withUpstreams([() => []], async ([silent]) => {
      const closed = createSocket('udp4');
      await new Promise<void>(resolve => closed.bind(0, '127.0.0.1', resolve));
      const nobody = { ip: silent!.ip, port: closed.address().port };
      closed.close();
      for (const upstreams of [[silent!], [nobody], []]) {
        const forwarder = forward({ upstreams, timeoutMs: 1000, patienceMs: 20 });
        const { message, why } = await forwarder.resolve(question('a.example.'), FLAGS);
        assert.deepEqual([message.rcode, why], [2, 'no upstream resolver answered']);
      }
      assert.equal(silent!.seen.length, 3, 'a lost packet is sent again');
    }));

  it('asks over TCP when the reply was cut', () =>
    withUpstreams(
      [
        (query, transport) => [
          transport === 'udp' ? { ...query, response: true, truncated: true } : good(query, '192.0.2.2'),
        ],
      ],
      async ([upstream]) => {
        const forwarder = forward({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.2']);
        assert.deepEqual(
          upstream!.seen.map(({ transport }) => transport),
          ['udp', 'tcp'],
        );
      },
    ));

  it('waits for the right reply behind wrong ones: id, question, garbage, a query', () =>
    withUpstreams(
      [
        query => [
          good({ ...query, id: query.id ^ 1 }, '198.51.100.1'),
          good({ ...query, questions: [question('b.example.')] }, '198.51.100.2'),
          { ...good(query, '198.51.100.3'), questions: [] },
          new Uint8Array([1, 2, 3]),
          encode(good(query, '198.51.100.4')).subarray(0, 30),
          query,
          good(query),
        ],
      ],
      async ([upstream]) => {
        const forwarder = forward({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      },
    ));

  it('changes to TCP under a flood of guesses', () =>
    withUpstreams(
      [
        (query, transport) =>
          transport === 'tcp'
            ? [good(query)]
            : Array.from({ length: 40 }, (_, i) => good({ ...query, id: (query.id + 1 + i) & 0xffff }, '198.51.100.1')),
      ],
      async ([upstream]) => {
        const forwarder = forward({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      },
    ));

  it('uses ids and ports that cannot be guessed: few repeat, and they spread over the whole range', () =>
    withUpstreams([query => [good(query, '192.0.2.1', 0)]], async ([upstream]) => {
      const forwarder = forward({ upstreams: [upstream!] });
      for (let i = 0; i < 400; i++) await forwarder.resolve(question(`n${i}.example.`), FLAGS);
      const ports = upstream!.seen.map(({ from }) => from);
      const ids = upstream!.seen.map(({ query }) => query.id);
      // 400 draws from 2^15 values repeat 2.4 times on average; 20 repeats have a chance below 10^-12.
      for (const values of [ports, ids]) assert.ok(new Set(values).size > 380, `${new Set(values).size} of 400 differ`);
      assert.ok(
        ports.some(port => port < 32_768) && ports.some(port => port > 61_000),
        'more than the ephemeral range',
      );
    }));

  it('gives no answer for longer than it would keep it, be it the first', () =>
    withUpstreams([query => [good(query, '192.0.2.1', 604_800)]], async ([upstream]) => {
      const forwarder = forward({ upstreams: [upstream!] });
      for (let i = 0; i < 2; i++)
        assert.equal((await forwarder.resolve(question('a.example.'), FLAGS)).message.answers[0]!.ttl, 86_400);
    }));

  it('asks once for equal questions at the same time, and keeps the answer for its TTL', () =>
    withUpstreams([query => [good(query)]], async ([upstream]) => {
      let now = 1000;
      const forwarder = forward({ upstreams: [upstream!], cache: new DnsCache(DNS_DEFAULTS.cache, () => now) });
      const ask = () => forwarder.resolve(question('a.example.'), FLAGS);
      await Promise.all([ask(), ask(), ask()]);
      assert.equal(upstream!.seen.length, 1);
      now += 20.5;
      assert.equal((await ask()).message.answers[0]?.ttl, 40);
      assert.equal(upstream!.seen.length, 1);
      await forwarder.resolve(question('a.example.'), { ...FLAGS, checkingDisabled: true });
      assert.equal(upstream!.seen.length, 2, 'an unvalidated answer is for those who asked for it');
      now += 40;
      assert.equal((await ask()).message.answers[0]?.ttl, 60);
      assert.equal(upstream!.seen.length, 3);
    }));
});

describe('zones', () => {
  it('have upstreams of their own, which others never see', () =>
    withUpstreams(
      [query => [good(query, '192.0.2.1')], query => [good(query, '192.0.2.2')], query => [good(query, '192.0.2.3')]],
      async ([rest, corp, database]) => {
        const zones = new Map([
          ['corp.example.', [corp!]],
          ['db.corp.example.', [database!]],
        ]);
        const forwarder = forward({ upstreams: [rest!] }, { ...DNS_DEFAULTS, zones });
        for (const [name, ip] of [
          ['a.example.', '192.0.2.1'],
          ['corp.example.', '192.0.2.2'],
          ['a.corp.example.', '192.0.2.2'],
          ['a.db.corp.example.', '192.0.2.3'],
        ] as const)
          assert.deepEqual(addresses(await forwarder.resolve(question(name), FLAGS)), [ip], name);
        assert.deepEqual([rest!.seen.length, corp!.seen.length, database!.seen.length], [1, 2, 1]);
      },
    ));
});

describe('an upstream that fails', () => {
  it('is asked last until a probe is answered, and first again then', async () => {
    let alive = false;
    await withUpstreams(
      [query => (alive ? [good(query, '192.0.2.1')] : []), query => [good(query, '192.0.2.2')]],
      async ([first, second]) => {
        const forwarder = forward({ upstreams: [first!, second!], patienceMs: 30 });
        const ask = async (name: string) => addresses(await forwarder.resolve(question(name), FLAGS)).join();
        assert.equal(await ask('a.example.'), '192.0.2.2');
        alive = true;
        assert.equal(await ask('b.example.'), '192.0.2.2', 'nobody said yet that it is back');
        await until(() => first!.seen.length > 1);
        const probe = first!.seen[1]!.query.questions[0]!;
        assert.equal(probe.type, 'HINFO');
        assert.match(probe.name, /^[0-9a-f]{20}\.$/);
        await until(async () => (await ask(`n${Math.random()}.example.`)) === '192.0.2.1');
        forwarder.close();
      },
    );
  });

  it('that leads back to this server is found out, and gives no storm', async () => {
    const zone = zoneOf({});
    const socket = createSocket('udp4');
    await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
    const itself = { ip: Ip.of('127.0.0.1'), port: socket.address().port };
    const said: string[] = [];
    const report = ({ message }: Error) => said.push(message);
    const forwarder = forward({ upstreams: [itself], timeoutMs: 400, patienceMs: 100, report });
    const whys = new Set<string>();
    const responder = createResponder(
      zone,
      forwarder.resolve,
      () => true,
      ({ why }) => whys.add(why),
    );
    let received = 0;
    socket.on('message', (bytes, from) => {
      received++;
      responder.handle(bytes, { address: from.address, transport: 'udp' }, reply => socket.send(reply, from.port));
    });
    assert.equal((await forwarder.resolve(question('a.example.'), FLAGS)).message.rcode, 2);
    assert.ok(received <= 4, `${received} queries for one question`);
    await until(() => whys.has('a question of our own'));
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^PW-D602 the upstream resolver 127\.0\.0\.1#\d+ asks this DNS server in turn/);
    forwarder.close();
    socket.close();
  });
});

describe('over TLS', () => {
  const server = makeCertificate({ ...CA, usage: 'server', names: ['dns.example.net'], days: 1 });
  const withTls = async (
    behave: Behaviour,
    serverName: string,
    story: (forwarder: Forwarder, upstream: TestUpstream) => Promise<void>,
    ca = server.certificate,
  ) => {
    const upstream = await startUpstream(behave, server);
    const config = { ...DNS_DEFAULTS, tls: { ca } };
    const forwarder = forward({ upstreams: [{ ip: upstream.ip, port: upstream.port, serverName }] }, config);
    await story(forwarder, upstream).finally(() => {
      forwarder.close();
      upstream.close();
    });
  };

  it('many questions share one connection, and are answered in any order', () => {
    const held: Message[] = [];
    const behave: Behaviour = query => {
      held.push(good(query, `192.0.2.${held.length + 1}`));
      return held.length < 20 ? [] : held.reverse();
    };
    return withTls(behave, 'dns.example.net', async (forwarder, upstream) => {
      const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.`);
      const found = await Promise.all(names.map(name => forwarder.resolve(question(name), FLAGS)));
      assert.deepEqual(
        found.map(({ message }) => message.answers[0]!.name),
        names,
      );
      assert.deepEqual(new Set(upstream.seen.map(({ transport }) => transport)), new Set(['tls']));
      assert.equal(new Set(upstream.seen.map(({ from }) => from)).size, 1);
    });
  });

  it('another name than the certificate’s is not believed, nor a certificate of nobody', async () => {
    const nobody = makeCertificate({ ...CA, usage: 'ca', days: 1 }).certificate;
    for (const [name, ca] of [
      ['dns.example.org', server.certificate],
      ['dns.example.net', nobody],
    ] as const)
      await withTls(
        query => [good(query)],
        name,
        async (forwarder, upstream) => {
          assert.equal((await forwarder.resolve(question('a.example.'), FLAGS)).message.rcode, 2);
          assert.equal(upstream.seen.length, 0, 'not even the question is told');
        },
        ca,
      );
  });

  it('a connection that the upstream has closed is opened again, and no question is lost', () =>
    withTls(
      query => [good(query)],
      'dns.example.net',
      async (forwarder, upstream) => {
        for (let i = 0; i < 3; i++) {
          assert.deepEqual(addresses(await forwarder.resolve(question(`n${i}.example.`), FLAGS)), ['192.0.2.1']);
          upstream.hangUp();
        }
        assert.equal(new Set(upstream.seen.map(({ from }) => from)).size, 3);
      },
    ));
});

it('a connection over which nothing comes back is given up for another one', async () => {
  // As behind a firewall that forgot the connection.
  let dead = 0;
  const upstream = await startUpstream((query, transport) => {
    const { from } = upstream.seen.at(-1)!;
    if (transport === 'udp') return [{ ...query, response: true, truncated: true }];
    dead ||= from;
    return from === dead ? [] : [good(query)];
  });
  const forwarder = forward({ upstreams: [upstream], patienceMs: 50, timeoutMs: 300 });
  try {
    assert.equal((await forwarder.resolve(question('a.example.'), FLAGS)).message.rcode, 2);
    assert.deepEqual(addresses(await forwarder.resolve(question('b.example.'), FLAGS)), ['192.0.2.1']);
  } finally {
    forwarder.close();
    upstream.close();
  }
});

describe('while nobody can be asked', () => {
  const story = async (
    tell: (ask: () => Promise<Resolution>, clock: { now: number; alive: boolean }) => Promise<void>,
  ) =>
    withUpstreams([query => (clock.alive ? [good(query, '192.0.2.1', 60)] : [])], async ([upstream]) => {
      const cache = new DnsCache(DNS_DEFAULTS.cache, () => clock.now);
      const forwarder = forward({ upstreams: [upstream!], timeoutMs: 200, patienceMs: 50, staleMs: 100, cache });
      await tell(() => forwarder.resolve(question('a.example.'), FLAGS), clock);
      forwarder.close();
    });
  let clock = { now: 0, alive: true };

  it('an old answer is given, for 30 s, and the new one as soon as there is one', async () => {
    clock = { now: 0, alive: true };
    await story(async ask => {
      await ask();
      clock.alive = false;
      clock.now = 100;
      const stale = await ask();
      assert.deepEqual([addresses(stale), stale.message.answers[0]!.ttl], [['192.0.2.1'], 30]);
      assert.equal(stale.why, 'from the cache, out of date');
      clock.alive = true;
      // A query of before may fail yet, which counts for a moment again.
      await until(async () => {
        clock.now += 6;
        return (await ask()).message.answers[0]!.ttl === 60;
      });
    });
  });

  it('a failure is told again without asking, for a moment', async () => {
    clock = { now: 0, alive: false };
    await story(async ask => {
      assert.equal((await ask()).why, 'no upstream resolver answered');
      clock.alive = true;
      assert.deepEqual([(await ask()).why, (await ask()).message.rcode], ['it failed a moment ago', 2]);
      clock.now = 6;
      assert.deepEqual(addresses(await ask()), ['192.0.2.1']);
    });
  });
});

describe('a name that is asked for often', () => {
  const askOften = async (prefetch: boolean): Promise<TestUpstream> => {
    let clock = 0;
    const upstream = await startUpstream(query => [good(query)]);
    const cache = new DnsCache(DNS_DEFAULTS.cache, () => clock);
    const forwarder = forward({ upstreams: [upstream], cache }, { ...DNS_DEFAULTS, prefetch });
    for (clock of [0, 10, 20, 30, 57]) await forwarder.resolve(question('a.example.'), FLAGS);
    await new Promise(resolve => setTimeout(resolve, 50));
    clock = 61;
    const { message } = await forwarder.resolve(question('a.example.'), FLAGS);
    assert.equal(message.answers[0]!.ttl, prefetch ? 56 : 60);
    upstream.close();
    return upstream;
  };

  it('is fetched before its answer expires, and nobody waits for it', async () => {
    const { seen } = await askOften(true);
    assert.equal(seen.length, 2);
  });

  it('is not fetched again and again while that fails, and its answer stands', async () => {
    let clock = 0;
    let alive = true;
    const upstream = await startUpstream(query => [alive ? good(query) : { ...query, response: true, rcode: 5 }]);
    const cache = new DnsCache(DNS_DEFAULTS.cache, () => clock);
    const forwarder = forward({ upstreams: [upstream], cache });
    const ask = () => forwarder.resolve(question('a.example.'), FLAGS);
    for (clock of [0, 10, 20, 30]) await ask();
    alive = false;
    clock = 57;
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(addresses(await ask()), ['192.0.2.1']);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    assert.equal(upstream.seen.length, 1 + 3, 'three attempts, once');
    forwarder.close();
    upstream.close();
  });

  it('is not when the configuration says so', async () => {
    assert.equal((await askOften(false)).seen.length, 2);
  });
});

async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await happened()); ) {
    assert.ok(Date.now() < end, 'it never happened');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
