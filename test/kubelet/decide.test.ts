/** The whole life of a Pod as a table: what it is, what its containers are doing, what comes next. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/lab/kubelet/decide.js';
import type { PodState } from '../../src/lab/kubelet/state.js';
import type { Pod } from '../../src/objects/pod.js';
import { as, named, pod, state } from './pods.js';

const NOW = 5000;

function check(story: string, of: Pod, in_: PodState, expected: string) {
  it(story, () => {
    const { actions, again } = decide(of, in_, NOW);
    const words = actions.map(action => ('name' in action ? `${action.do} ${action.name}` : action.do));
    assert.equal([...words, ...(again === undefined ? [] : [`again ${again}`])].join(', '), expected);
  });
}

describe('a Pod begins', () => {
  check('without a network it gets one', pod(), { ...state({}), sandbox: undefined }, 'set up');
  check(
    'a network that was never finished is made anew',
    pod(),
    { ...state({}), sandbox: { id: 'a', netns: 'b' } },
    'set up',
  );
  check(
    'on the host network there is nothing to finish',
    pod({ hostNetwork: true }),
    { ...state({}), sandbox: { id: 'a', netns: 'b' } },
    'start main',
  );
  check('all its containers start together', pod({ containers: named('a', 'b') }), state({}), 'start a, start b');
  check('nothing is to be done while it runs', pod(), state({ main: as.running }), '');
});

describe('init containers', () => {
  const spec = pod({ initContainers: named('first', 'second') });
  check('the first comes first', spec, state({}), 'start first');
  check('the next waits for it', spec, state({ first: as.running }), '');
  check('then it is its turn', spec, state({ first: as.done }), 'start second');
  check('then the others', spec, state({ first: as.done, second: as.done }), 'start main');
  check('one that failed is tried again', spec, state({ first: as.failed }), 'start first');
  check(
    'but not when the Pod is never restarted: its network goes',
    pod({ ...spec.spec, restartPolicy: 'Never' }),
    state({ first: as.failed }),
    'tear down',
  );
});

describe('sidecars', () => {
  const sidecar = { name: 'proxy', image: 'bash', restartPolicy: 'Always' };
  const spec = pod({ initContainers: [sidecar, ...named('init')], restartPolicy: 'Never' });
  check('the next container waits until it has started', spec, state({ proxy: as.starting }), '');
  check('and no longer', spec, state({ proxy: as.running }), 'start init');
  check(
    'it is started again, whatever the policy',
    spec,
    state({ proxy: as.failed, init: as.done, main: as.running }),
    'start proxy',
  );
  check(
    'it ends when the others are done',
    spec,
    state({ proxy: as.running, init: as.done, main: as.done }),
    'stop proxy',
  );
  check(
    'and after them when the Pod is deleted',
    deleted(spec),
    state({ proxy: as.running, init: as.done, main: as.running }),
    'stop main',
  );
});

describe('what restartPolicy says of a container that ended', () => {
  const table: readonly (readonly [policy: string, how: 'done' | 'failed', next: string])[] = [
    ['Always', 'done', 'start main'],
    ['Always', 'failed', 'start main'],
    ['OnFailure', 'failed', 'start main'],
    ['OnFailure', 'done', 'tear down'],
    ['Never', 'done', 'tear down'],
    ['Never', 'failed', 'tear down'],
  ];
  for (const [restartPolicy, how, next] of table)
    check(`${restartPolicy}, ${how}`, pod({ restartPolicy }), state({ main: as[how] }), next);
  check(
    'another one still runs: the Pod goes on',
    pod({ restartPolicy: 'Never', containers: named('a', 'b') }),
    state({ a: as.done, b: as.running }),
    '',
  );
  check('its time has not come yet', pod(), state({ main: as.waiting }), 'again 11000');
  check(
    'its neighbour does not wait with it',
    pod({ containers: named('main', 'b') }),
    state({ main: as.waiting }),
    'start b, again 11000',
  );
});

describe('a Pod ends', () => {
  check(
    'its containers are stopped together',
    deleted(pod({ containers: named('a', 'b') })),
    state({ a: as.running, b: as.running }),
    'stop a, stop b',
  );
  check('then its network goes', deleted(pod()), state({ main: as.done }), 'tear down');
  check('then its object', deleted(pod()), { ...state({ main: as.done }), sandbox: undefined }, 'delete');
  check(
    'one that never began has no more than its object',
    deleted(pod()),
    { ...state({}), sandbox: undefined },
    'delete',
  );
  check(
    'one that is over stays to be read',
    pod({ restartPolicy: 'Never' }),
    { ...state({ main: as.done }), sandbox: undefined },
    '',
  );
  check('a container that a probe condemned is stopped', pod(), state({ main: as.doomed }), 'stop main');
  check(
    'its time limit is kept in mind',
    pod({ activeDeadlineSeconds: 60 }),
    state({ main: as.running }),
    'again 60000',
  );
  check(
    'the earlier of two times counts',
    pod({ activeDeadlineSeconds: 8 }),
    state({ main: as.waiting }),
    'again 8000',
  );
  check(
    'when it has failed, all is stopped',
    pod(),
    state({ main: as.running }, { failed: { reason: 'DeadlineExceeded', message: 'late' } }),
    'stop main',
  );
});

function deleted(of: Pod): Pod {
  return {
    ...of,
    metadata: { ...of.metadata, deletionTimestamp: '1970-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
  };
}
