/** What clients were told of names outside: until when it holds, and what is forgotten when it becomes too much. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ToldNames } from '../../src/dns/told.js';
import { record } from './text.js';

const POD = '10.244.1.1';
const OTHER = '10.244.1.2';
const a = (ip: string, ttl = 60) => record(`edge.example.net. ${ttl} IN A ${ip}`);

function world(most?: number, mostOfClient?: number) {
  let now = 1000;
  const told = new ToldNames(() => now, most, mostOfClient);
  const of = (client: string) => told.of(client).map(({ name, ip, until }) => `${name} ${ip} ${until}`);
  return { told, of, pass: (seconds: number) => void (now += seconds) };
}

describe('a client was told', () => {
  it('the addresses of the name that it asked for, behind whatever aliases', () => {
    const { told, of } = world();
    const alias = record('example.com. 60 IN CNAME edge.example.net.');
    told.tell(POD, 'example.com.', [alias, a('192.0.2.1'), record('edge.example.net. 30 IN AAAA 2001:db8::1')]);
    assert.deepEqual(of(POD), ['example.com. 192.0.2.1 1060', 'example.com. 2001:db8::1 1030']);
    assert.deepEqual(of(OTHER), []);
  });

  it('each for as long as its TTL says, of several answers the longest', () => {
    const { told, of, pass } = world();
    told.tell(POD, 'example.com.', [a('192.0.2.1'), a('192.0.2.2', 10)]);
    pass(5);
    told.tell(POD, 'example.com.', [a('192.0.2.1', 10)]);
    assert.deepEqual(of(POD), ['example.com. 192.0.2.2 1010', 'example.com. 192.0.2.1 1060']);
    pass(5);
    assert.deepEqual(of(POD), ['example.com. 192.0.2.1 1060']);
    pass(50);
    assert.deepEqual(of(POD), []);
    assert.equal(told.size, 0);
  });

  it('nothing by an answer without addresses', () => {
    const { told } = world();
    told.tell(POD, 'example.com.', [record('example.com. 60 IN MX 10 mail.example.com.')]);
    assert.equal(told.size, 0);
  });
});

describe('when it becomes too much', () => {
  it('a client that asks for everything loses its own oldest', () => {
    const { told, of } = world(100, 2);
    told.tell(OTHER, 'example.org.', [a('192.0.2.9')]);
    for (const i of [1, 2, 3]) told.tell(POD, 'example.com.', [a(`192.0.2.${i}`)]);
    assert.deepEqual(of(POD), ['example.com. 192.0.2.2 1060', 'example.com. 192.0.2.3 1060']);
    assert.equal(of(OTHER).length, 1);
    assert.equal(told.size, 3);
  });

  it('the client that was told something longest ago loses first', () => {
    const { told, of } = world(2);
    told.tell(POD, 'a.example.', [a('192.0.2.1')]);
    told.tell(OTHER, 'b.example.', [a('192.0.2.2')]);
    told.tell('10.244.1.3', 'c.example.', [a('192.0.2.3')]);
    assert.deepEqual([of(POD), of(OTHER).length, told.size], [[], 1, 2]);
  });
});
