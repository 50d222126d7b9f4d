/** What the API shows of a Pod: phase, conditions and container states, from the kubelet's state. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodState } from '../../src/lab/kubelet/state.js';
import { podStatus } from '../../src/lab/kubelet/status.js';
import type { Pod } from '../../src/objects/pod.js';
import { as, named, pod, state } from './pods.js';

const status = (of: Pod, in_: PodState) => podStatus(of, in_, ['172.30.0.11', 'fd00:172:30::b'], 5000);

/** `Running, not Ready: ContainersNotReady; main running`. */
function check(story: string, of: Pod, in_: PodState, expected: string) {
  it(story, () => {
    const { phase, conditions = [], initContainerStatuses = [], containerStatuses = [] } = status(of, in_);
    const ready = conditions.find(({ type }) => type === 'Ready');
    const shown = [...initContainerStatuses, ...containerStatuses].map(({ name, state: now }) => {
      const { waiting, running, terminated } = now ?? {};
      return `${name} ${running ? 'running' : (waiting?.reason ?? terminated?.reason)}`;
    });
    const readiness = ready?.status === 'True' ? 'Ready' : `not Ready: ${ready?.reason}`;
    assert.equal(`${phase}, ${readiness}; ${shown.join(', ')}`, expected);
  });
}

const init = pod({ initContainers: named('init') });
describe('phase, readiness and states', () => {
  check('a new Pod', pod(), state({}), 'Pending, not Ready: ContainersNotReady; main ContainerCreating');
  check(
    'initialising',
    init,
    state({ init: as.running }),
    'Pending, not Ready: ContainersNotReady; init running, main PodInitializing',
  );
  check(
    'initialised',
    init,
    state({ init: as.done }),
    'Pending, not Ready: ContainersNotReady; init Completed, main ContainerCreating',
  );
  check('running', pod(), state({ main: as.running }), 'Running, Ready; main running');
  check(
    'running, not ready yet',
    pod(),
    state({ main: as.starting }),
    'Running, not Ready: ContainersNotReady; main running',
  );
  check(
    'one of two',
    pod({ containers: named('a', 'b') }),
    state({ a: as.running }),
    'Pending, not Ready: ContainersNotReady; a running, b ContainerCreating',
  );
  check(
    'crashing',
    pod(),
    state({ main: as.waiting }),
    'Running, not Ready: ContainersNotReady; main CrashLoopBackOff',
  );
  check(
    'ended well',
    pod({ restartPolicy: 'Never' }),
    state({ main: as.done }),
    'Succeeded, not Ready: PodCompleted; main Completed',
  );
  check(
    'ended badly',
    pod({ restartPolicy: 'Never' }),
    state({ main: as.failed }),
    'Failed, not Ready: PodFailed; main Error',
  );
  check(
    'ended by one of two',
    pod({ restartPolicy: 'Never', containers: named('a', 'b') }),
    state({ a: as.failed, b: as.running }),
    'Running, not Ready: ContainersNotReady; a Error, b running',
  );
  check(
    'an init container failed for good',
    pod({ ...init.spec, restartPolicy: 'Never' }),
    state({ init: as.failed }),
    'Failed, not Ready: PodFailed; init Error, main PodInitializing',
  );
  check(
    'a gate is closed',
    pod({ readinessGates: [{ conditionType: 'example.com/open' }] }),
    state({ main: as.running }),
    'Running, not Ready: ReadinessGatesNotReady; main running',
  );
  check(
    'a gate is open',
    pod({ readinessGates: [{ conditionType: 'open' }] }, {}, { conditions: [{ type: 'open', status: 'True' }] }),
    state({ main: as.running }),
    'Running, Ready; main running',
  );
});

describe('the rest of the status', () => {
  it('names addresses, IPv4 and IPv6', () => {
    const { podIP, podIPs, hostIP, hostIPs } = status(pod(), state({}, { podIPs: ['10.244.1.2', 'fd00:10:244:1::2'] }));
    assert.deepEqual(
      { podIP, podIPs, hostIP, hostIPs },
      {
        podIP: '10.244.1.2',
        podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00:10:244:1::2' }],
        hostIP: '172.30.0.11',
        hostIPs: [{ ip: '172.30.0.11' }, { ip: 'fd00:172:30::b' }],
      },
    );
  });

  it('keeps the time of a condition that stays as it was, and conditions of others', () => {
    const before = [
      { type: 'Ready', status: 'True', lastTransitionTime: '1970-01-01T00:00:01Z' },
      { type: 'ContainersReady', status: 'False', lastTransitionTime: '1970-01-01T00:00:01Z' },
      { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
    ];
    const { conditions = [] } = status(pod({}, {}, { conditions: before }), state({ main: as.running }));
    const at = (type: string) => conditions.find(each => each.type === type)?.lastTransitionTime;
    assert.deepEqual([at('Ready'), at('ContainersReady')], ['1970-01-01T00:00:01Z', '1970-01-01T00:00:05Z']);
    assert.deepEqual(conditions.at(-1), before[2]);
  });

  it('says why a container waits for its restart, and how it ended', () => {
    const [main] = status(pod(), state({ main: as.waiting })).containerStatuses ?? [];
    assert.equal(main?.state?.waiting?.message, 'back-off 10s restarting failed container=main pod=web_shop(u-1)');
    assert.deepEqual([main?.lastState?.terminated?.exitCode, main?.restartCount], [1, 1]);
  });

  const classes: readonly (readonly [resources: object, wanted: string])[] = [
    [{}, 'BestEffort'],
    [{ requests: { cpu: '100m' } }, 'Burstable'],
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }, 'Guaranteed'],
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, 'Burstable'],
    [{ limits: { cpu: '1' } }, 'Burstable'],
  ];
  for (const [resources, wanted] of classes)
    it(`with ${JSON.stringify(resources)} the class is ${wanted}`, () => {
      assert.equal(
        status(pod({ containers: [{ name: 'main', image: 'bash', resources }] }), state({})).qosClass,
        wanted,
      );
    });
});
