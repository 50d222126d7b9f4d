/** The settings of cluster DNS: what they say, and which field is named when they say it wrong. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { makeCertificate } from '../../src/apiserver/auth/x509.js';
import { DNS_DEFAULTS, type DnsConfig, readDnsConfig, zoneOf } from '../../src/dns/config.js';
import { formatUpstream } from '../../src/dns/upstream.js';

const DOMAIN = 'cluster.local.';
const { certificate } = makeCertificate({ subject: { commonName: 'a test' }, usage: 'ca', days: 1 });

function good(text: string): DnsConfig {
  const config = readDnsConfig(parse(text), DOMAIN);
  assert.ok(!('problem' in config), 'problem' in config ? config.problem : '');
  return config;
}

describe('the configuration', () => {
  it('says nothing when it is empty', () => {
    for (const text of ['', '{}', 'zones:', 'hosts: {}\nrewrite: []']) assert.deepEqual(good(text), DNS_DEFAULTS);
  });

  it('names upstreams by zone, in the clear and over TLS', () => {
    const config = good(`
      upstreams: [192.0.2.1, '2001:db8::1#5353', {address: 192.0.2.2, serverName: DNS.example.net}]
      zones:
        Corp.example.com: {upstreams: [{address: 192.0.2.3, port: 8853, serverName: corp}]}
        db.corp.example.com.: {upstreams: [192.0.2.4]}`);
    assert.deepEqual(config.upstreams!.map(formatUpstream), [
      '192.0.2.1',
      '2001:db8::1#5353',
      '192.0.2.2#853 as dns.example.net',
    ]);
    assert.deepEqual(
      [...config.zones].map(([zone, upstreams]) => [zone, ...upstreams.map(formatUpstream)]),
      [
        ['corp.example.com.', '192.0.2.3#8853 as corp'],
        ['db.corp.example.com.', '192.0.2.4'],
      ],
    );
  });

  it('the longest zone wins, by whole labels', () => {
    const config = good('zones: {a.example: {upstreams: [192.0.2.1]}, b.a.example: {upstreams: [192.0.2.2]}}');
    const zones: Readonly<Record<string, string>> = {
      'a.example.': 'a.example.',
      'x.a.example.': 'a.example.',
      'x.b.a.example.': 'b.a.example.',
      'xa.example.': '.',
      'x\\.a.example.': '.',
      'example.': '.',
      '.': '.',
    };
    for (const [name, zone] of Object.entries(zones)) assert.equal(zoneOf(config, name), zone, name);
  });

  it('lists hosts, rules, and the rest', () => {
    const config = good(`
      hosts: {db.example.com: [192.0.2.1, '2001:db8::1'], one.example.com: 192.0.2.2}
      rewrite:
        - {name: old.example.com, to: web.shop.svc.cluster.local}
        - {suffix: shop.example.com, to: shop.svc.cluster.local}
      cache: {bytes: 0, ttl: 3600, negativeTtl: 10, stale: 0}
      prefetch: false
      tls: {ca: ${JSON.stringify(certificate)}}
      autopath: false`);
    assert.equal(config.tls.ca, certificate.trim());
    assert.deepEqual(
      [...config.hosts].map(([name, ips]) => `${name} ${ips}`),
      ['db.example.com. 192.0.2.1,2001:db8::1', 'one.example.com. 192.0.2.2'],
    );
    assert.deepEqual(config.rewrite, [
      { name: 'old.example.com.', suffix: false, to: 'web.shop.svc.cluster.local.' },
      { name: 'shop.example.com.', suffix: true, to: 'shop.svc.cluster.local.' },
    ]);
    assert.deepEqual(config.cache, { bytes: 0, ttl: 3600, negativeTtl: 10, stale: 0 });
    assert.deepEqual([config.prefetch, config.autopath], [false, false]);
  });
});

describe('a wrong configuration names the field', () => {
  const own = "a name of the cluster's own, which are not to be changed";
  const cases: Readonly<Record<string, string>> = {
    'just text': 'it is no mapping of settings to values',
    '[1, 2]': 'it is no mapping of settings to values',
    'upstream: [192.0.2.1]':
      'upstream: is no setting; known are upstreams, zones, hosts, rewrite, ttl, cache, prefetch, tls, autopath',
    'upstreams: 192.0.2.1': 'upstreams: is no list',
    'upstreams: []': 'upstreams: names nobody to ask',
    'upstreams: [192.0.2.1, 010.0.0.1]': "upstreams[1]: '010.0.0.1' is no address or address#port",
    'upstreams: ["192.0.2.1#0"]': "upstreams[0]: '192.0.2.1#0' is no address or address#port",
    'upstreams: ["192.0.2.1#1#2"]': "upstreams[0]: '192.0.2.1#1#2' is no address or address#port",
    'upstreams: [{address: dns.example}]': "upstreams[0].address: 'dns.example' is no address",
    'upstreams: [{port: 53}]': 'upstreams[0].address: is missing, it must be an address',
    'upstreams: [{address: 192.0.2.1, serverName: "a b"}]': "upstreams[0].serverName: 'a b' is no domain name",
    'upstreams: [{address: 192.0.2.1, port: 65536}]': "upstreams[0].port: '65536' is no number from 1 to 65535",
    'zones: [a]': 'zones: has no fields',
    'zones: {a.example: {}}': 'zones.a.example.upstreams: is no list',
    'zones: {a.example: {upstreams: [x]}}': "zones.a.example.upstreams[0]: 'x' is no address or address#port",
    'zones: {.: {upstreams: [192.0.2.1]}}': "zones..: '.' is no domain name",
    'zones: {svc.cluster.local: {upstreams: [192.0.2.1]}}': `zones.svc.cluster.local: ${own}`,
    'zones: {A.example: {upstreams: [192.0.2.1]}, a.example.: {upstreams: [192.0.2.1]}}':
      'zones: a name stands there twice',
    'hosts: {a..b: [192.0.2.1]}': "hosts.a..b: 'a..b' is no domain name",
    'hosts: {a.example: 7}': 'hosts.a.example: is no list',
    'hosts: {a.example: [192.0.2.256]}': "hosts.a.example[0]: '192.0.2.256' is no address",
    'hosts: {web.shop.svc.cluster.local: [192.0.2.1]}': `hosts.web.shop.svc.cluster.local: ${own}`,
    'rewrite: [{to: a.example}]': 'rewrite[0]: needs either name or suffix',
    'rewrite: [{name: a.example, suffix: b.example, to: c.example}]': 'rewrite[0]: needs either name or suffix',
    'rewrite: [{name: a.example}]': 'rewrite[0].to: is missing, it must be a domain name',
    'rewrite: [{suffix: cluster.local, to: a.example}]': `rewrite[0].suffix: ${own}`,
    'ttl: 3601': "ttl: '3601' is no number from 0 to 3600",
    'cache: {stale: -1}': "cache.stale: '-1' is no number from 0 to 604800",
    'cache: {ttl: soon}': "cache.ttl: 'soon' is no number from 0 to 86400",
    'prefetch: 1': 'prefetch: is neither true nor false',
    'tls: {ca: none}': 'tls.ca: no certificate in PEM',
  };
  for (const [text, problem] of Object.entries(cases))
    it(text, () => assert.deepEqual(readDnsConfig(parse(text), DOMAIN), { problem }));

  it('also when a certificate is none', () => {
    const ca = '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----';
    const found = readDnsConfig({ tls: { ca } }, DOMAIN);
    assert.match('problem' in found ? found.problem : '', /^tls\.ca: certificate 1 of 1 cannot be read: /);
  });

  it('whatever it is: never an exception', () => {
    const keys = fc.constantFrom(
      'upstreams',
      'zones',
      'hosts',
      'rewrite',
      'cache',
      'tls',
      'a.example',
      '__proto__',
      'to',
    );
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(fc.constant('192.0.2.1'), fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, given => {
        const config = readDnsConfig(given, DOMAIN);
        assert.ok(!('problem' in config) || config.problem.length > 0);
      }),
      { numRuns: 1000 },
    );
  });
});
