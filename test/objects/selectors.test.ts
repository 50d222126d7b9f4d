/** Selectors: what they select, in object and in text form, and that the two forms are one. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { matchesFields, parseFieldSelector, selectableFields } from '../../src/objects/field-selectors.js';
import { resources } from '../../src/objects/resources.js';
import { labelSelector, parseLabelSelector, Selector, selectsAll } from '../../src/objects/selectors.js';
import { manifest } from './help.js';

const WEB = { app: 'web', tier: 'front', weight: '10' };

function check(text: string, labels: Record<string, string>, expected: boolean): void {
  test(`${text || '(empty)'} ${expected ? 'selects' : 'does not select'} ${JSON.stringify(labels)}`, () => {
    const selector = parseLabelSelector(text);
    assert.ok(selector instanceof Selector, JSON.stringify(selector));
    assert.equal(selector.matches(labels), expected);
  });
}

check('', {}, true);
check('app=web', WEB, true);
check('app==web,tier!=back', WEB, true);
check('app!=web', WEB, false);
check('app!=web', {}, true);
check('app in (web, api),!zone', WEB, true);
check('app notin (web)', {}, true);
check('app notin (web)', WEB, false);
check('zone', WEB, false);
check('!zone', WEB, true);
check('weight>9,weight<11', WEB, true);
check('weight>10', WEB, false);
check('app>1', WEB, false);
check('empty=', { empty: '' }, true);
check('empty=', {}, false);
check('x in (a,)', { x: '' }, true);
check('example.com/name = a', { 'example.com/name': 'a' }, true);
check('constructor', {}, false);

for (const text of [
  '=',
  'a in',
  'a in (b',
  'a,',
  'a==b=c',
  '-a',
  'a=b!',
  'a>x',
  'a b',
  '!',
  `${'x'.repeat(64)}=1`,
  'a=-',
]) {
  test(`'${text}' is refused, not thrown`, () => {
    const result = parseLabelSelector(text);
    assert.ok('error' in result && result.error.startsWith('unable to parse requirement: '), JSON.stringify(result));
  });
}

test('an absent LabelSelector selects nothing, an empty one everything, an unknown operator nothing', () => {
  assert.equal(labelSelector(undefined)(WEB), false);
  assert.equal(labelSelector({})(WEB), true);
  assert.equal(
    labelSelector({ matchExpressions: [{ key: 'app', operator: 'Resembles', values: ['web'] }] })(WEB),
    false,
  );
  assert.equal(selectsAll({ app: 'web' }, WEB), true);
  assert.equal(selectsAll({}, WEB), false);
});

const word = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,5}[a-z0-9])?$/);
const requirement = fc.oneof(
  fc.record({
    key: word,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(word, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key: word, operator: fc.constantFrom('Exists', 'DoesNotExist'), values: fc.constant([]) }),
);

test('what a selector prints selects the same when read back', () => {
  fc.assert(
    fc.property(
      fc.array(requirement, { maxLength: 4 }),
      fc.dictionary(word, word, { maxKeys: 4 }),
      (matchExpressions, labels) => {
        const selector = new Selector(matchExpressions as never);
        const again = parseLabelSelector(String(selector));
        assert.ok(again instanceof Selector, String(selector));
        assert.equal(again.matches(labels), selector.matches(labels));
        assert.equal(labelSelector({ matchExpressions })(labels), selector.matches(labels));
      },
    ),
  );
});

test('labels may be called as they like', () => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
  assert.equal(labelSelector({ matchLabels: labels })(labels), true);
  assert.equal(labelSelector({ matchLabels: labels })({}), false);
});

const POD = manifest(`
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running}`);

function checkFields(text: string, expected: boolean | string): void {
  test(`field selector ${text}: ${expected}`, () => {
    const parsed = parseFieldSelector(text, resources.pods);
    if ('error' in parsed) assert.equal(parsed.error, expected);
    else assert.equal(matchesFields(parsed, POD), expected);
  });
}

checkFields('', true);
checkFields('metadata.name=a', true);
checkFields('metadata.name==a,metadata.namespace!=default', true);
checkFields('spec.nodeName=n2', false);
checkFields('spec.nodeName=', false);
checkFields('status.phase!=Failed', true);
checkFields('spec.hostNetwork=false', true);
checkFields('metadata.name=\\a', true);
checkFields('spec.color=red', 'field label not supported: spec.color');
checkFields('metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'");

test('the selectable fields of a Pod', () => {
  const fields = selectableFields(resources.pods, POD);
  assert.equal(fields['spec.nodeName'], 'n1');
  assert.equal(fields['status.podIP'], '');
});
