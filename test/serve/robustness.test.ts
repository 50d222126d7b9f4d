/** The server against everything that a client may send, behave like, or abuse it for: a test for each row of the list. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, encode, formatRecord, type Message, RCODE } from '../../src/wire/dns.js';
import type { RecordType } from '../../src/wire/dns-records.js';
import { configOf, zoneOf } from '../dns/cluster.js';
import { bytes, QUERY, record } from '../dns/text.js';
import { type From, WholeServer } from './whole-server.js';

const zone = zoneOf({
  'shop/web': { clusterIPs: ['10.96.12.7', 'fd00:10:96::7'], ports: [{ name: 'http', port: 80 }] },
  'shop/many': { headless: true, endpoints: Array.from({ length: 1500 }, (_, i) => `10.244.${i >> 8}.${i & 255}`) },
  'shop/pods': {
    headless: true,
    ports: [{ name: 'sql', port: 1 }],
    endpoints: Array.from({ length: 60 }, (_, i) => `db-${i}=10.244.9.${i}`),
  },
  'shop/hen': { externalName: 'egg.shop.svc.cluster.local' },
  'shop/egg': { externalName: 'hen.shop.svc.cluster.local' },
  'shop/outside': { externalName: 'www.example.com' },
});
zone.config = configOf({ hosts: { 'host.example.com': ['192.0.2.7'] } });

/** Upstream has a large answer to everything, and a few small ones. */
const server = new WholeServer(zone, question => {
  const answers = Array.from({ length: 200 }, (_, i) => record(`${question.name} 60 IN A 192.0.2.${i}`));
  return { ...QUERY, response: true, questions: [question], answers };
});

const WEB = 'web.shop.svc.cluster.local.';
const EDNS = { size: 4096, version: 0, dnssecOk: false, options: [] };

function query(name: string, type: RecordType = 'A', more: Partial<Message> = {}, klass = 1): Uint8Array {
  const question = { name: name.toLowerCase(), spelled: name, type, class: klass };
  return encode({ ...QUERY, id: 0x1234, questions: [question], ...more });
}

async function ask(given: Uint8Array, from?: From): Promise<Message | undefined> {
  const reply = await server.ask(given, from);
  if (!reply) return undefined;
  const message = decode(reply);
  assert.ok(!('malformed' in message), 'malformed' in message ? message.malformed : '');
  assert.deepEqual([message.response, message.id], [true, (given[0]! << 8) | given[1]!]);
  return message;
}

/** `silence`, or the reply's code; the same over UDP and TCP, from inside and outside. */
async function said(given: Uint8Array): Promise<string> {
  const all = [{}, { transport: 'tcp' }, { stranger: true }, { transport: 'tcp', stranger: true }] as const;
  const codes = new Set<string>();
  for (const from of all) {
    const reply = await ask(given, from);
    const code = reply && Object.entries(RCODE).find(([, number]) => number === reply.rcode)![0];
    codes.add(code ?? 'silence');
  }
  return [...codes].join(' or ');
}

const HEADER = '1234 0100 0001 0000 0000 0000';
const ONE_MORE = '1234 0100 0001 0000 0000 0001';
const NAME = "03'web' 04'shop' 03'svc' 07'cluster' 05'local' 00";
const QUESTION = `${NAME} 0001 0001`;
const LABEL = `3f '${'b'.repeat(63)}'`;
describe('malformed', () => {
  const rows: Readonly<Record<string, readonly [wire: string, said: string]>> = {
    'zero length': ['', 'silence'],
    'header shorter than 12 bytes': ['1234 0100 0001 0000 0000 00', 'silence'],
    'QDCOUNT 0': ['1234 0100 0000 0000 0000 0000', 'FORMERR'],
    'QDCOUNT 2': [`1234 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`, 'FORMERR'],
    'QDCOUNT 2, one there': [`1234 0100 0002 0000 0000 0000 ${QUESTION}`, 'FORMERR'],
    'QDCOUNT 65535': [`1234 0100 ffff 0000 0000 0000 ${QUESTION}`, 'FORMERR'],
    'ANCOUNT lies': [`1234 0100 0001 0001 0000 0000 ${QUESTION}`, 'FORMERR'],
    'NSCOUNT lies': [`1234 0100 0001 0000 ffff 0000 ${QUESTION}`, 'FORMERR'],
    'ARCOUNT lies': [`${ONE_MORE} ${QUESTION}`, 'FORMERR'],
    'label type 01 (a label of 64)': [`${HEADER} 40 '${'a'.repeat(64)}' 00 0001 0001`, 'FORMERR'],
    'label type 10': [`${HEADER} 80 'a' 00 0001 0001`, 'FORMERR'],
    'name of 256 bytes': [`${HEADER} ${`${LABEL} `.repeat(3)} 3e '${'b'.repeat(62)}' 00 0001 0001`, 'FORMERR'],
    'name of 129 labels': [`${HEADER} ${"01'a' ".repeat(128)} 00 0001 0001`, 'FORMERR'],
    'pointer to itself': [`${HEADER} c00c 0001 0001`, 'FORMERR'],
    'pointer forward': [`${HEADER} c0ff 0001 0001`, 'FORMERR'],
    'pointer into the header': [`${HEADER} 03'web' c000 0001 0001`, 'FORMERR'],
    'pointer into its own name': [`${HEADER} 03'web' c00c 0001 0001`, 'FORMERR'],
    // It reads the label `eb` there, and is as good a name as any; who is a stranger may not ask upstream for the one in question.
    'pointer into the middle of a label': [
      `1234 0100 0001 0001 0000 0000 04 02'eb' 00 00 0001 0001 c00d 0001 0001 00000005 0004 0a000001`,
      'NOERROR or REFUSED',
    ],
    'half a pointer': [`${HEADER} 03'web' c0`, 'FORMERR'],
    'RDLENGTH over the end': [`${ONE_MORE} ${QUESTION} 00 0001 0001 00000000 0005 0a000001`, 'FORMERR'],
    'RDLENGTH under the data': [`${ONE_MORE} ${QUESTION} 00 0001 0001 00000000 0003 0a000001`, 'FORMERR'],
    'OPT twice': [`1234 0100 0001 0000 0000 0002 ${QUESTION} ${'00 0029 04d0 00000000 0000 '.repeat(2)}`, 'FORMERR'],
    'OPT with an owner': [`${ONE_MORE} ${QUESTION} 01'a' 00 0029 04d0 00000000 0000`, 'FORMERR'],
    'OPT in the answer section': [`1234 0100 0001 0001 0000 0000 ${QUESTION} 00 0029 04d0 00000000 0000`, 'FORMERR'],
    'OPT with half an option': [`${ONE_MORE} ${QUESTION} 00 0029 04d0 00000000 0002 000a`, 'FORMERR'],
    'OPT with an option over its end': [`${ONE_MORE} ${QUESTION} 00 0029 04d0 00000000 0004 000a 0001`, 'FORMERR'],
    'OPT of version 1': [`${ONE_MORE} ${QUESTION} 00 0029 04d0 00010000 0000`, 'BADVERS'],
    'OPT of version 255': [`${ONE_MORE} ${QUESTION} 00 0029 04d0 00ff0000 0000`, 'BADVERS'],
    'OPT with size 0': [`${ONE_MORE} ${QUESTION} 00 0029 0000 00000000 0000`, 'NOERROR'],
    'OPT with unknown flags and an unknown option': [
      `${ONE_MORE} ${QUESTION} 00 0029 04d0 00007fff 0005 fde9 0001 ff`,
      'NOERROR',
    ],
    'OPT as the question': [`${HEADER} 00 0029 04d0`, 'REFUSED'],
    'trailing bytes': [`${HEADER} ${QUESTION} 00`, 'FORMERR'],
    'a response (QR=1)': [`1234 8100 0001 0000 0000 0000 ${QUESTION}`, 'silence'],
    'a malformed response': ['1234 8100 0001 0000 0000 0000', 'silence'],
    'opcode IQUERY': [`1234 0900 0001 0000 0000 0000 ${QUESTION}`, 'NOTIMP'],
    'opcode NOTIFY': [`1234 2100 0001 0000 0000 0000 ${QUESTION}`, 'NOTIMP'],
    'opcode UPDATE': [`1234 2900 0001 0000 0000 0000 ${QUESTION}`, 'NOTIMP'],
    'opcode 15': [`1234 7900 0001 0000 0000 0000 ${QUESTION}`, 'NOTIMP'],
    'class CH': [`${HEADER} 07'version' 04'bind' 00 0010 0003`, 'REFUSED'],
    'class ANY': [`${HEADER} ${NAME} 0001 00ff`, 'REFUSED'],
    'class 0': [`${HEADER} ${NAME} 0001 0000`, 'REFUSED'],
    'qtype AXFR': [`${HEADER} 07'cluster' 05'local' 00 00fc 0001`, 'REFUSED'],
    'qtype IXFR': [`${HEADER} 07'cluster' 05'local' 00 00fb 0001`, 'REFUSED'],
    'qtype 0': [`${HEADER} ${NAME} 0000 0001`, 'NOERROR'],
    'qtype TSIG': [`${HEADER} ${NAME} 00fa 0001`, 'NOERROR'],
  };
  for (const [title, [wire, expected]] of Object.entries(rows))
    it(title, async () => assert.equal(await said(bytes(wire)), expected));

  it('pointer chain of more than 126', async () => {
    const pointer = (to: number) => (0xc000 | to).toString(16);
    // In data of an unknown type, each to the one before it and the first to the question; the next record's name is the last of them.
    const chain = (length: number) => {
      const pointers = Array.from({ length }, (_, i) => pointer(i ? 28 + 2 * i : 12));
      const size = (2 * length).toString(16).padStart(4, '0');
      return bytes(`1234 0100 0001 0000 0000 0002 01'a' 00 0001 0001
        00 ff00 0001 00000000 ${size} ${pointers.join('')}
        ${pointer(28 + 2 * length)} 0001 0001 00000000 0004 0a000001`);
    };
    assert.equal(await said(chain(125)), 'NOERROR or REFUSED');
    assert.equal(await said(chain(126)), 'FORMERR');
    assert.equal(await said(chain(4000)), 'FORMERR');
  });

  it('truncated at every byte', async () => {
    const whole = query(WEB, 'A', { edns: { ...EDNS, options: [{ code: 10, bytes: new Uint8Array(8) }] } });
    for (let length = 0; length < whole.length; length++)
      assert.equal(await said(whole.subarray(0, length)), length < 12 ? 'silence' : 'FORMERR', `${length} bytes`);
  });

  it('qtype ANY gets one small record in place of all (RFC 8482)', async () => {
    const reply = await ask(query(WEB, 'ANY'));
    assert.deepEqual(reply!.answers.map(formatRecord), [`${WEB} 5 IN HINFO "RFC8482" ""`]);
  });
});

describe('behaviour', () => {
  const sizes = async (name: string, from: From, edns?: number) => {
    const reply = await server.ask(query(name, 'A', edns === undefined ? {} : { edns: { ...EDNS, size: edns } }), from);
    return { length: reply!.length, ...(decode(reply!) as Message) };
  };

  it('0x20: the question comes back in the client’s own spelling, from the table, the chain and upstream', async () => {
    for (const name of ['wEb.sHOp.svc.CLUSTER.local.', 'HoSt.example.COM.', 'wWw.Example.com.']) {
      const reply = (await ask(query(name, 'A')))!;
      assert.equal(reply.questions[0]!.spelled, name);
      assert.ok(reply.answers.length > 0, name);
    }
  });

  it('EDNS: 1232 is what we take; without it the reply has none', async () => {
    for (const name of [WEB, 'host.example.com.', 'www.example.com.']) {
      assert.deepEqual((await ask(query(name, 'A', { edns: EDNS })))!.edns, { ...EDNS, size: 1232 });
      assert.equal((await ask(query(name, 'A')))!.edns, undefined);
    }
  });

  for (const [kind, name, count] of [
    ['the cluster', 'many.shop.svc.cluster.local.', 1500],
    ['upstream', 'www.example.com.', 200],
  ] as const) {
    it(`UDP limit: the smaller of the client’s and 1232, 512 without EDNS; TC, and whole over TCP: names of ${kind}`, async () => {
      for (const [edns, limit] of [
        [undefined, 512],
        [0, 512],
        [511, 512],
        [800, 800],
        [1232, 1232],
        [65_535, 1232],
      ] as const) {
        const reply = await sizes(name, {}, edns);
        assert.ok(reply.length <= limit && reply.length > limit - 40, `${reply.length} bytes for ${edns}`);
        assert.deepEqual([reply.truncated, reply.rcode], [true, 0]);
        assert.ok(reply.answers.length > 0, 'a client that does not come back has something');
      }
      const whole = await sizes(name, { transport: 'tcp' });
      assert.deepEqual([whole.truncated, new Set(whole.answers.map(formatRecord)).size], [false, count]);
    });
  }

  it('compression always, never in an SRV target', async () => {
    const srv = (await server.ask(query('_sql._tcp.pods.shop.svc.cluster.local.', 'SRV'), { transport: 'tcp' }))!;
    const { answers } = decode(srv) as Message;
    assert.equal(answers.length, 60);
    const text = Buffer.from(srv).toString('latin1');
    // Once in the question; then each of 60 targets is spelled out, and every other name points to one of them.
    assert.equal(text.split('\x05local').length - 1, 1 + 60);
  });

  it('NXDOMAIN against NODATA, both with the SOA, whose TTL says for how long', async () => {
    const rows = { 'no.shop.svc.cluster.local.': 3, 'shop.svc.cluster.local.': 0, [WEB]: 0 };
    for (const [name, rcode] of Object.entries(rows)) {
      const reply = (await ask(query(name, 'MX')))!;
      assert.deepEqual([reply.rcode, reply.answers, reply.authoritative], [rcode, [], true], name);
      const soa = reply.authorities[0]!.data;
      assert.deepEqual([soa.type, soa.type === 'SOA' && soa.minimum, reply.authorities[0]!.ttl], ['SOA', 5, 5]);
    }
  });

  it('no wildcards: `*` is a label like any other', async () => {
    assert.equal((await ask(query('*.shop.svc.cluster.local.')))!.rcode, 3);
    assert.equal((await ask(query('x.web.shop.svc.cluster.local.')))!.rcode, 3);
  });

  it('ndots:5: a search list’s storm is answered here, and nothing of it goes upstream', async () => {
    const before = server.asked.length;
    for (const suffix of ['shop.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.'])
      for (const type of ['A', 'AAAA'] as const)
        assert.equal((await ask(query(`www.example.com.${suffix}`, type)))!.rcode, 3);
    assert.equal(server.asked.length, before);
  });

  it('ExternalNames that lead to each other end', async () => {
    assert.equal((await ask(query('hen.shop.svc.cluster.local.')))!.rcode, 2);
  });

  it('names with `_`, `*`, and escaped bytes are asked upstream as they are', async () => {
    for (const name of ['_dmarc.example.com.', '*.example.com.', 'a\\.b.example.com.', '\\000\\255.example.com.']) {
      await ask(query(name));
      assert.equal(server.asked.at(-1)!.name, name);
    }
  });

  it('A and AAAA speak of the same Service at any moment', async () => {
    for (const [type, ip] of [
      ['A', '10.96.12.7'],
      ['AAAA', 'fd00:10:96::7'],
    ] as const)
      assert.deepEqual((await ask(query(WEB, type)))!.answers.map(formatRecord), [`${WEB} 5 IN ${type} ${ip}`]);
  });

  it('SERVFAIL, not NXDOMAIN, before the cluster was seen', async () => {
    const young = zoneOf({});
    young.synced = false;
    const reply = await new WholeServer(young, () => QUERY).ask(query(WEB));
    assert.equal((decode(reply!) as Message).rcode, 2);
  });

  it('DO and CD come back as they were asked', async () => {
    for (const name of [WEB, 'host.example.com.', 'www.example.com.']) {
      const more = { edns: { ...EDNS, dnssecOk: true }, checkingDisabled: true };
      const reply = (await ask(query(name, 'A', more)))!;
      assert.deepEqual([reply.edns!.dnssecOk, reply.checkingDisabled, reply.authenticData], [true, true, false]);
    }
  });
});

describe('abuse', () => {
  const STRANGER = { stranger: true };

  it('a reply over UDP to a stranger is at most ten times the query', async () => {
    for (const name of ['many.shop.svc.cluster.local.', 'pods.shop.svc.cluster.local.', 'host.example.com.', WEB])
      for (const type of ['A', 'SRV', 'ANY', 'TXT'] as const)
        for (const more of [{}, { edns: EDNS }]) {
          const asked = query(name, type, more);
          const reply = (await server.ask(asked, STRANGER))!;
          assert.ok(reply.length <= 10 * asked.length, `${reply.length} for ${asked.length}: ${name} ${type}`);
        }
  });

  it('no open recursion: a stranger’s question goes nowhere', async () => {
    const before = server.asked.length;
    for (const transport of ['udp', 'tcp'] as const) {
      const from = { ...STRANGER, transport };
      assert.equal((await ask(query('www.example.com.'), from))!.rcode, RCODE.REFUSED);
      assert.equal((await ask(query('outside.shop.svc.cluster.local.'), from))!.rcode, RCODE.REFUSED);
      assert.equal((await ask(query(WEB), from))!.rcode, RCODE.NOERROR);
    }
    assert.equal(server.asked.length, before);
  });

  it('a reply that comes back as a query is the end: two servers never talk', async () => {
    for (const name of [WEB, 'no.shop.svc.cluster.local.', 'www.example.com.']) {
      const reply = (await server.ask(query(name)))!;
      assert.equal(await server.ask(reply), undefined);
    }
    const refused = (await server.ask(bytes('1234 0100 0002 0000 0000 0000')))!;
    assert.equal(await server.ask(refused), undefined);
  });

  it('one client’s flood of questions for upstream is cut off, another’s goes on', async () => {
    const held: (() => void)[] = [];
    const slow = new WholeServer(
      zone,
      () => QUERY,
      () => new Promise(resolve => held.push(resolve)),
    );
    const rcodes: number[] = [];
    const note = (reply: Uint8Array) => rcodes.push((decode(reply) as Message).rcode);
    for (let i = 0; i < 300; i++) slow.say(query(`n${i}.example.com.`), note, { client: 'flood' });
    assert.deepEqual([held.length, rcodes.length, new Set(rcodes)], [200, 100, new Set([2])]);
    slow.say(query('one.example.com.'), note, { client: 'other' });
    assert.equal(held.length, 201);
    slow.say(query(WEB), note, { client: 'flood' });
    assert.equal(rcodes.at(-1), 0, 'names of the cluster are always answered');
    for (const go of held.splice(0)) go();
    await new Promise(resolve => setImmediate(resolve));
    slow.say(query('again.example.com.'), note, { client: 'flood' });
    assert.equal(held.length, 1);
  });
});
