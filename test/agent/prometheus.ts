/** Prometheus' text format 0.0.4, read by its grammar: what does not keep to it fails the test that reads it. */

import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"/;
const VALUE = /^(?:[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]Inf|NaN)$/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

export function parseExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends, too');
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let open: Family | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      assert.doesNotMatch(comment[3]!, /\\[^\\n]/, `escapes in: ${line}`);
      help = { name: comment[2]!, text: comment[3]! };
    } else if (comment) {
      const [, , name = '', type = ''] = comment;
      assert.ok(TYPES.includes(type), line);
      assert.ok(!families.has(name), `a metric is one group: ${line}`);
      open = { name, type, help: help?.name === name ? help.text : undefined, samples: [] };
      families.set(name, open);
    } else {
      const sample = parseSample(line);
      assert.ok(open && nameOf(sample, open) === open.name, `a sample belongs to the type before it: ${line}`);
      open.samples.push(sample);
    }
  }
  for (const family of families.values()) check(family);
  return families;
}

function parseSample(line: string): Sample {
  const name = NAME.exec(line)?.[0];
  assert.ok(name, `no name: ${line}`);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const [whole, label = '', value = ''] = LABEL.exec(rest) ?? assert.fail(`no label: ${line}`);
      assert.ok(!Object.hasOwn(labels, label), `twice the label ${label}: ${line}`);
      labels[label] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
      rest = rest.slice(whole.length).replace(/^,/, '');
    }
    rest = rest.slice(1);
  }
  const value = rest.replace(/^ +/, '');
  assert.match(value, VALUE, line);
  return { name, labels, value: value.endsWith('Inf') ? Number(value.replace('Inf', 'Infinity')) : Number(value) };
}

function nameOf({ name }: Sample, { name: family, type }: Family): string {
  if (type !== 'histogram') return name;
  return ['_bucket', '_sum', '_count'].some(end => name === family + end) ? family : name;
}

function check({ name, type, samples }: Family): void {
  const seen = new Set(samples.map(sample => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`));
  assert.equal(seen.size, samples.length, `${name}: one sample per set of labels`);
  if (type === 'counter') assert.match(name, /_total$/, 'a counter is named so');
  if (type === 'counter') for (const { value } of samples) assert.ok(value >= 0, `${name} only grows from 0`);
  if (type !== 'histogram') return;
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...others } = sample.labels;
    const group = JSON.stringify(others);
    groups.set(group, [...(groups.get(group) ?? []), sample]);
  }
  for (const [group, all] of groups) {
    const buckets = all.filter(sample => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => a - b),
      `${name} ${group}: bounds ascend`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, `${name} ${group}: the last bound is +Inf`);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
      `${name} ${group}: buckets are cumulative`,
    );
    assert.equal(all.find(sample => sample.name === `${name}_count`)?.value, counts.at(-1));
    assert.ok(all.some(sample => sample.name === `${name}_sum`));
  }
}
