/** The manners of the server: which requests get which reply, whatever the answer. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admit, reply, udpLimit } from '../../src/dns/respond.js';
import { decode, encode, formatRecord, type Message, type Question } from '../../src/wire/dns.js';
import { QUERY, record } from './text.js';

const ASKED: Question = { name: 'web.local.', spelled: 'wEB.local.', type: 'A', class: 1 };
const EDNS = { size: 4096, version: 0, dnssecOk: false, options: [] };

/** 'silence', 'question', or the rcode of the immediate reply. */
function check(title: string, request: Message | Uint8Array, expected: string | number): void {
  it(title, () => {
    const admission = admit(request instanceof Uint8Array ? decode(request) : request);
    const said = !admission ? 'silence' : 'reply' in admission ? admission.reply.rcode : 'question';
    assert.equal(said, expected);
    if (admission && 'reply' in admission) assert.ok(!('malformed' in decode(encode(admission.reply))));
  });
}

describe('a request', () => {
  check('with one question is answered', { ...QUERY, questions: [ASKED] }, 'question');
  check(
    'that is a response is ignored, so that two servers never talk',
    { ...QUERY, response: true, questions: [ASKED] },
    'silence',
  );
  check('without a question is a format error', QUERY, 1);
  check('with two questions is a format error', { ...QUERY, questions: [ASKED, ASKED] }, 1);
  check('with another opcode is not implemented', { ...QUERY, opcode: 4, questions: [ASKED] }, 4);
  check('with EDNS 1 is told the version is bad', { ...QUERY, questions: [ASKED], edns: { ...EDNS, version: 1 } }, 16);
  check('shorter than a header is ignored', new Uint8Array(11), 'silence');
  check('whose body lies is a format error', Buffer.from('123401000001000000000000', 'hex'), 1);
  check('malformed and a response is ignored', Buffer.from('123481000001000000000000', 'hex'), 'silence');
});

describe('a reply', () => {
  const answers = [
    record('web.local. 5 IN CNAME db.local.'),
    record('db.local. 5 IN A 10.0.0.1'),
    record('db.local. 5 IN A 10.0.0.2'),
  ];
  const found = { why: '', rcode: 0, authoritative: true, answers, authorities: [], additionals: [] };

  it('repeats id, question as it was spelled, RD and CD, and has EDNS only if the request had', () => {
    const message = reply({ ...QUERY, id: 7, checkingDisabled: true, questions: [ASKED] }, found);
    assert.deepEqual(
      [message.id, message.response, message.recursionDesired, message.checkingDisabled],
      [7, true, true, true],
    );
    assert.equal((decode(encode(message)) as Message).questions[0]!.spelled, 'wEB.local.');
    assert.equal(message.edns, undefined);
    assert.equal(reply({ ...QUERY, edns: { ...EDNS, dnssecOk: true } }, found).edns?.dnssecOk, true);
  });

  it('says why it is as it is, to who speaks EDNS (RFC 8914)', () => {
    const failed = {
      ...found,
      rcode: 2,
      answers: [],
      why: 'the cluster is not known yet',
      extended: 'notReady',
    } as const;
    const [option, ...others] = reply({ ...QUERY, edns: EDNS }, failed).edns!.options;
    assert.deepEqual(
      [option!.code, Buffer.from(option!.bytes).toString('latin1'), others],
      [15, `\x00\x0e${failed.why}`, []],
    );
    assert.equal(reply(QUERY, failed).edns, undefined);
  });

  it('rotates equal records with the id, behind their alias', () => {
    const order = (id: number) =>
      reply({ ...QUERY, id }, found).answers.map(answer => formatRecord(answer).split(' ').at(-1));
    assert.deepEqual(order(0), ['db.local.', '10.0.0.1', '10.0.0.2']);
    assert.deepEqual(order(1), ['db.local.', '10.0.0.2', '10.0.0.1']);
  });

  it('over UDP is never larger than the client takes, nor than 1232 bytes', () => {
    assert.equal(udpLimit(QUERY), 512);
    assert.equal(udpLimit({ ...QUERY, edns: EDNS }), 1232);
    assert.equal(udpLimit({ ...QUERY, edns: { ...EDNS, size: 100 } }), 512);
    assert.equal(udpLimit({ ...QUERY, edns: { ...EDNS, size: 800 } }), 800);
  });
});
