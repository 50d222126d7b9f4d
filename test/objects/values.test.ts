/** Quantities, counts, times and ages: the small values with grammars of their own. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { scaledValue } from '../../src/objects/int-or-string.js';
import { canonicalQuantity, compareQuantities, formatQuantity, parseQuantity } from '../../src/objects/quantity.js';
import { canonicalTime, humanDuration } from '../../src/objects/time.js';

const QUANTITIES: readonly (readonly [string | number, string | undefined])[] = [
  ['0', '0'],
  ['1', '1'],
  [2, '2'],
  [0.5, '500m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['0.1', '100m'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['1025', '1025'],
  ['1000', '1k'],
  ['1000k', '1M'],
  ['1e3', '1e3'],
  ['12e6', '12e6'],
  ['100Ki', '100Ki'],
  ['0.5Ki', '512'],
  ['1n', '1n'],
  ['0.0000000001', '1n'],
  ['-1Gi', '-1Gi'],
  ['.5', '500m'],
  ['5.', '5'],
  ['', undefined],
  ['1x', undefined],
  ['1 Gi', undefined],
  ['Gi', undefined],
  ['1Mib', undefined],
  ['1e', undefined],
];
for (const [input, expected] of QUANTITIES) {
  test(`quantity ${JSON.stringify(input)} is ${expected ?? 'refused'}`, () =>
    assert.equal(canonicalQuantity(input), expected));
}

test('a canonical quantity stays as it is and means the same', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), suffix, (number, unit) => {
      const quantity = parseQuantity(`${number}${unit}`)!;
      const text = formatQuantity(quantity);
      assert.equal(canonicalQuantity(text), text);
      assert.equal(compareQuantities(parseQuantity(text)!, quantity), 0);
    }),
  );
});

test('counts and percentages of a total', () => {
  assert.equal(scaledValue(3, 10, 'up'), 3);
  assert.equal(scaledValue('25%', 3, 'up'), 1);
  assert.equal(scaledValue('25%', 3, 'down'), 0);
  assert.equal(scaledValue('7%', 100, 'up'), 7);
  assert.equal(scaledValue('many', 3, 'up'), undefined);
});

const TIMES: readonly (readonly [string, string | undefined])[] = [
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05Z'],
  ['2026-01-02T03:04:05.123456Z', '2026-01-02T03:04:05.123456Z'],
  ['2026-13-02T03:04:05Z', undefined],
  ['yesterday', undefined],
  ['2026-01-02', undefined],
];
for (const [input, expected] of TIMES)
  test(`time ${input} is ${expected ?? 'refused'}`, () => assert.equal(canonicalTime(input), expected));

const S = 1000;
const [MIN, HOUR, DAY] = [60 * S, 3600 * S, 86400 * S];
const AGES: readonly (readonly [number, string])[] = [
  [0, '0s'],
  [119 * S, '119s'],
  [120 * S, '2m'],
  [3 * MIN + 2 * S, '3m2s'],
  [12 * MIN + 5 * S, '12m'],
  [179 * MIN, '179m'],
  [3 * HOUR, '3h'],
  [7 * HOUR + 8 * MIN, '7h8m'],
  [9 * HOUR + 8 * MIN, '9h'],
  [2 * DAY + 4 * HOUR, '2d4h'],
  [11 * DAY, '11d'],
  [800 * DAY, '2y70d'],
  [3000 * DAY, '8y'],
  [-5 * S, '<invalid>'],
];
for (const [millis, expected] of AGES)
  test(`${millis} ms is ${expected}`, () => assert.equal(humanDuration(millis), expected));
