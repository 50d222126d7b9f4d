/** `podwire trace` says of a running lab what packets then do: verdict, exit code, and why not. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { applyManifests } from '../../src/client/apply.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { eventually, Lab, skip } from './lab.js';
import { idlePod, type Place, serviceOf, start } from './pods.js';
import { askTcp, type Stop, serve } from './talk.js';

describe('podwire trace', { skip }, () => {
  const lab = new Lab('trace');
  const stops: Stop[] = [];
  let pods: Record<string, Place>;

  before(async () => {
    await lab.up('--nodes', '2');
    pods = await start(lab, [
      ...['web', 'near', 'shut'].map(name => idlePod(name, 'n1')),
      idlePod('far', 'n2'),
      serviceOf('web'),
      serviceOf('nobody'),
    ]);
    for (const name of ['web', 'shut']) stops.push(serve(pods[name]!.netns, name, 8080));
    const shut = { podSelector: { matchLabels: { app: 'shut' } }, policyTypes: ['Ingress'] };
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'shut' },
      spec: shut,
    };
    await applyManifests(await lab.api(), [policy as unknown as KubeObject], () => {});
    await eventually('the Service and the policy are known', async () => {
      const answers = await Promise.all([trace('far', 'web:80'), trace('far', 'shut:8080')]);
      return answers[0]!.code === 0 && answers[1]!.code === 1;
    });
  });
  after(async () => {
    for (const stop of stops) stop();
    await lab.down();
  });

  const trace = (...words: string[]) => lab.podwire('trace', ...words);

  /** [from, to, the headline, a line of it, what a real connection gets from where] */
  const rows: readonly (readonly [from: string, to: string, headline: RegExp, line: RegExp])[] = [
    [
      'near',
      'web:80',
      /^Pod default\/near → Service default\/web:80 → Pod default\/web · delivered$/,
      /DNAT to .*:8080/,
    ],
    ['far', 'web:80', /^Pod default\/far → Service default\/web:80 → Pod default\/web · delivered$/, /Node n1/],
    ['far', 'svc/default/web:tcp', /· delivered$/, /reply: delivered/],
    [
      'near',
      'shut:8080',
      /^Pod default\/near → Pod default\/shut · dropped$/,
      /isolated for ingress by NetworkPolicy default\/shut/,
    ],
    ['node/n1', 'shut:8080', /· delivered$/, /reply: delivered/],
    ['node/n2', 'web:80', /^Node n2 → Service default\/web:80 → Pod default\/web · delivered$/, /reply: delivered/],
    ['near', 'nobody:80', /· refused$/, /PW-S41\d .*nobody/],
    ['near', 'web:81', /· refused$/, /no such Service/],
    ['web', 'web:80', /→ Pod default\/web · delivered$/, /hairpin/],
    ['far', 'internet', /^Pod default\/far → the Internet · delivered$/, /masquerade/],
  ];
  for (const family of ['4', '6'])
    for (const [from, to, headline, line] of rows)
      it(`IPv${family}: ${from} to ${to}`, async () => {
        const { code, stdout, stderr } = await trace(from, to, '--family', family);
        assert.equal(stderr, '');
        const [first = ''] = stdout.split('\n');
        assert.match(first, headline);
        assert.match(stdout, line);
        assert.equal(code, / delivered$/.test(first) ? 0 : 1);
      });

  it('and packets do so', async () => {
    const near = pods.near!.netns;
    assert.match(await askTcp(near, pods.shut![4], 8080, 300), /^silence$/);
    assert.match(await askTcp(lab.at.netns('n1'), pods.shut![4], 8080), /^shut /);
    assert.match(await askTcp(pods.far!.netns, pods.web![4], 8080), /^web /);
  });

  it('as JSON it has every way, with its steps, and the reply', async () => {
    const { stdout } = await trace('far', 'web:80', '-o', 'json');
    const { ways } = JSON.parse(stdout);
    assert.equal(ways.length, 1);
    const [{ ending, probability, hops, arrived, replies }] = ways;
    assert.deepEqual([ending, probability, replies[0].ending], ['delivered', 1, 'delivered']);
    assert.equal(arrived.destination, pods.web![4]);
    assert.ok(hops.every((hop: { netns: string; steps: unknown[] }) => hop.netns && hop.steps.length > 0));
  });

  const wrong: readonly (readonly [words: string[], says: RegExp])[] = [
    [['nosuch', 'web:80'], /PW-L809 .*'nosuch'/],
    [['near', 'nosuch:80'], /PW-L809 .*'nosuch'/],
    [['near', 'web:http'], /PW-U904 .*80 \(tcp\)/],
    [['near', 'far'], /PW-U904 .*needs a port/],
  ];
  for (const [words, says] of wrong)
    it(`${words.join(' ')} is told what is missing`, async () => {
      const { code, stderr } = await trace(...words);
      assert.match(stderr, says);
      assert.notEqual(code, 0);
    });
});
