/** Workload controllers at work: what a user changes, what happens step by step, and where it ends. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReady } from '../../src/controllers/pods.js';
import { resources } from '../../src/objects/resources.js';
import { Cluster, template, workload } from './cluster.js';

const { pods, deployments, replicasets, statefulsets, daemonsets, jobs } = resources;

function cluster(): Cluster {
  const made = new Cluster();
  for (const name of ['n1', 'n2', 'n3']) made.node(name);
  return made;
}

/** Pods by name with image and node, sorted. */
const podsOf = (at: Cluster) =>
  at
    .list(pods)
    .map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0]!.image} ${spec.nodeName}`)
    .sort();
const images = (at: Cluster) =>
  at
    .list(pods)
    .map(({ spec }) => spec.containers[0]!.image)
    .sort()
    .join();

describe('Deployment', () => {
  /** The sizes of the two ReplicaSets as they change, `old/new`, while an image changes from a to b. */
  function rollout(title: string, spec: Record<string, unknown>, steps: readonly string[]): void {
    it(title, () => {
      const at = cluster();
      at.create(workload('Deployment', 'web', { template: template('web', 'a'), ...spec }));
      at.run();
      const first = at.list(replicasets)[0]!.metadata.name;
      at.events.length = 0;
      at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = 'b'));
      at.run();
      const sizes = { old: Number(spec.replicas), new: 0 };
      const seen = at.events
        .filter(text => text.startsWith('Scal'))
        .map(text => {
          const [, name, to] = /replica set (\S+) from \d+ to (\d+)/.exec(text)!;
          sizes[name === first ? 'old' : 'new'] = Number(to);
          return `${sizes.old}/${sizes.new}`;
        });
      assert.deepEqual(seen, steps);
      const { status } = at.get(deployments, 'web')!;
      const count = Number(spec.replicas);
      assert.deepEqual(
        [status?.replicas, status?.updatedReplicas, status?.availableReplicas, status?.unavailableReplicas],
        [count, count, count, 0],
      );
      assert.equal(images(at), 'b,'.repeat(count).slice(0, -1));
    });
  }
  const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  });

  rollout('one more than wanted, never one less', { replicas: 3, ...rolling(1, 0) }, [
    '3/1',
    '2/1',
    '2/2',
    '1/2',
    '1/3',
    '0/3',
  ]);
  rollout('never more than wanted, one less', { replicas: 3, ...rolling(0, 1) }, [
    '2/0',
    '2/1',
    '1/1',
    '1/2',
    '0/2',
    '0/3',
  ]);
  rollout('a quarter either way', { replicas: 4, ...rolling('25%', '25%') }, [
    '4/1',
    '3/1',
    '3/2',
    '2/2',
    '2/3',
    '1/3',
    '1/4',
    '0/4',
  ]);
  rollout('all old ones go before a new one comes', { replicas: 2, strategy: { type: 'Recreate' } }, ['0/0', '0/2']);

  it('says what kubectl rollout status asks', () => {
    const at = cluster();
    at.create(workload('Deployment', 'web', { replicas: 2, progressDeadlineSeconds: 60 }));
    at.run();
    const conditions = () =>
      Object.fromEntries(
        at
          .get(deployments, 'web')!
          .status!.conditions!.map(({ type, status, reason }) => [type, `${status} ${reason}`]),
      );
    assert.deepEqual(conditions(), {
      Available: 'True MinimumReplicasAvailable',
      Progressing: 'True NewReplicaSetAvailable',
    });
    at.healthy = pod => pod.spec.containers[0]!.image !== 'broken';
    at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = 'broken'));
    at.run();
    assert.deepEqual(conditions(), {
      Available: 'True MinimumReplicasAvailable',
      Progressing: 'True ReplicaSetUpdated',
    });
    at.advance(61).run();
    assert.deepEqual(conditions(), {
      Available: 'True MinimumReplicasAvailable',
      Progressing: 'False ProgressDeadlineExceeded',
    });
    assert.equal(at.list(pods).filter(isReady).length, 2, 'the old Pods still serve');
  });

  /** The sizes of old and new ReplicaSet when the count changes while a new template does not work. */
  const scalings: readonly (readonly [from: number, to: number, before: string, after: string])[] = [
    [10, 15, '8/5', '11/7'],
    [10, 10, '8/5', '8/5'],
    // 4/3 by shares, and then as far as a rollout of 4 may go.
    [10, 4, '8/5', '2/4'],
    [10, 0, '8/5', '0/0'],
  ];
  for (const [from, to, before, after] of scalings) {
    it(`scaled from ${from} to ${to} in the middle of a rollout goes from ${before} to ${after}`, () => {
      const at = cluster();
      at.healthy = pod => pod.spec.containers[0]!.image !== 'broken';
      const { strategy } = rolling(3, 2);
      at.create(workload('Deployment', 'web', { replicas: from, strategy, template: template('web', 'a') }));
      at.run();
      at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = 'broken'));
      at.run();
      const sizes = () => {
        const of = (broken: boolean) =>
          at.list(replicasets).find(({ spec }) => (spec.template!.spec.containers[0]!.image === 'broken') === broken)!;
        return `${of(false).spec.replicas}/${of(true).spec.replicas}`;
      };
      assert.equal(sizes(), before);
      at.edit(deployments, 'web', web => (web.spec.replicas = to));
      at.run();
      assert.equal(sizes(), after);
      assert.ok(at.list(pods).filter(isReady).length >= Math.min(from, to) - 2, 'as many serve as must');
    });
  }

  it('goes back to a former template under a new revision', () => {
    const at = cluster();
    const set = (image: string) =>
      at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = image));
    at.create(workload('Deployment', 'web', { replicas: 1, template: template('web', 'a') }));
    at.run();
    set('b');
    at.run();
    set('a');
    at.run();
    const revisions = at
      .list(replicasets)
      .map(
        one =>
          `${one.spec.template!.spec.containers[0]!.image} ${one.metadata.annotations!['deployment.kubernetes.io/revision']}`,
      );
    assert.deepEqual(revisions.sort(), ['a 3', 'b 2']);
    assert.equal(at.get(deployments, 'web')!.metadata.annotations!['deployment.kubernetes.io/revision'], '3');
  });

  it('keeps so many old ReplicaSets as its history limit says', () => {
    const at = cluster();
    at.create(workload('Deployment', 'web', { replicas: 1, revisionHistoryLimit: 2 }));
    for (const image of ['b', 'c', 'd', 'e']) {
      at.run();
      at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = image));
    }
    at.run();
    assert.deepEqual(
      at
        .list(replicasets)
        .map(one => one.spec.template!.spec.containers[0]!.image)
        .sort(),
      ['c', 'd', 'e'],
    );
  });

  it('scales, pauses and goes on', () => {
    const at = cluster();
    at.create(workload('Deployment', 'web', { replicas: 1 }));
    at.run();
    at.edit(deployments, 'web', web => (web.spec = { ...web.spec, replicas: 4, paused: true }));
    at.run();
    at.edit(deployments, 'web', web => (web.spec.template.spec.containers[0].image = 'b'));
    at.run();
    assert.equal(images(at), 'pause,pause,pause,pause');
    at.edit(deployments, 'web', web => (web.spec.paused = false));
    at.run();
    assert.equal(images(at), 'b,b,b,b');
    at.edit(deployments, 'web', web => (web.spec.replicas = 0));
    at.run();
    assert.equal(images(at), '');
  });

  it('is done without touching anything twice', () => {
    const at = cluster();
    at.create(workload('Deployment', 'web', { replicas: 100 }));
    at.run();
    assert.deepEqual(
      [at.done.create, at.done.bind, at.list(pods).length],
      [101, 100, 100],
      'one ReplicaSet and its Pods',
    );
  });
});

describe('ReplicaSet', () => {
  it('replaces what is lost and removes the least useful', () => {
    const at = cluster();
    at.create(workload('ReplicaSet', 'web', { replicas: 3 }));
    at.run();
    const [first, second] = at.list(pods).map(({ metadata }) => metadata.name);
    at.finish(first!, 'Failed');
    at.run();
    assert.equal(at.list(pods).length, 4, 'a failed Pod stays to be looked at, another takes its place');
    at.status(at.get(pods, second!)!, { conditions: [{ type: 'Ready', status: 'False' }] });
    at.edit(replicasets, 'web', web => (web.spec.replicas = 2));
    at.run();
    assert.equal(at.get(pods, second!), undefined, 'who is not ready goes first');
  });

  it('adopts Pods that match and releases those that no longer do', () => {
    const at = cluster();
    at.create({
      ...template('web'),
      kind: 'Pod',
      metadata: { name: 'stray', namespace: 'default', labels: { app: 'web' } },
    });
    at.create(workload('ReplicaSet', 'web', { replicas: 1 }));
    at.run();
    assert.deepEqual(
      at.list(pods).map(({ metadata }) => metadata.name),
      ['stray'],
    );
    at.edit(pods, 'stray', pod => (pod.metadata.labels.app = 'other'));
    at.run();
    assert.deepEqual(at.get(pods, 'stray')!.metadata.ownerReferences, []);
    assert.equal(at.list(pods).length, 2);
  });
});

describe('StatefulSet', () => {
  const create = (at: Cluster, spec: Record<string, unknown> = {}) =>
    at.create(
      workload('StatefulSet', 'db', { serviceName: 'db', replicas: 3, template: template('db', 'a'), ...spec }),
    );
  const made = (at: Cluster) =>
    at.events
      .filter(text => text.startsWith('SuccessfulCreate'))
      .map(text => /db-\d/.exec(text)![0])
      .join(' ');

  it('makes its Pods in order, each when the former is ready', () => {
    const at = cluster();
    create(at);
    at.healthy = ({ metadata }) => metadata.name !== 'db-1';
    at.run();
    assert.equal(made(at), 'db-0 db-1');
    at.status(at.get(pods, 'db-1')!, { conditions: [{ type: 'Ready', status: 'True' }] });
    at.run();
    assert.equal(made(at), 'db-0 db-1 db-2');
    const { hostname, subdomain } = at.get(pods, 'db-2')!.spec;
    assert.deepEqual([hostname, subdomain], ['db-2', 'db']);
  });

  it('makes them all at once when told so', () => {
    const at = cluster();
    create(at, { podManagementPolicy: 'Parallel' });
    at.settle();
    assert.equal(made(at), 'db-0 db-1 db-2');
  });

  it('updates from the last to the first, and stops at one that does not get ready', () => {
    const at = cluster();
    create(at);
    at.run();
    at.healthy = ({ metadata, spec }) => !(metadata.name === 'db-1' && spec.containers[0]!.image === 'b');
    at.edit(statefulsets, 'db', db => (db.spec.template.spec.containers[0].image = 'b'));
    at.run();
    assert.equal(
      at
        .list(pods)
        .map(({ metadata, spec }) => `${metadata.name}=${spec.containers[0]!.image}`)
        .sort()
        .join(' '),
      'db-0=a db-1=b db-2=b',
    );
    const half = at.get(statefulsets, 'db')!.status!;
    assert.notEqual(half.currentRevision, half.updateRevision);
    at.status(at.get(pods, 'db-1')!, { conditions: [{ type: 'Ready', status: 'True' }] });
    at.run();
    const { status } = at.get(statefulsets, 'db')!;
    assert.equal(images(at), 'b,b,b');
    assert.deepEqual(
      [status!.currentRevision, status!.updatedReplicas, status!.readyReplicas],
      [status!.updateRevision, 3, 3],
    );
  });

  it('updates nothing below the partition, and nothing by itself with OnDelete', () => {
    const at = cluster();
    create(at, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    at.run();
    at.edit(statefulsets, 'db', db => (db.spec.template.spec.containers[0].image = 'b'));
    at.run();
    assert.equal(images(at), 'a,a,b');
    at.edit(statefulsets, 'db', db => (db.spec.updateStrategy = { type: 'OnDelete' }));
    at.run();
    assert.equal(images(at), 'a,a,b');
    at.remove(pods, 'db-0');
    at.run();
    assert.equal(images(at), 'a,b,b');
  });

  it('scales down from the last', () => {
    const at = cluster();
    create(at);
    at.run();
    at.edit(statefulsets, 'db', db => (db.spec.replicas = 1));
    at.run();
    assert.deepEqual(
      at.list(pods).map(({ metadata }) => metadata.name),
      ['db-0'],
    );
  });

  it('remembers its templates as revisions', () => {
    const at = cluster();
    create(at, { replicas: 1 });
    at.run();
    at.edit(statefulsets, 'db', db => (db.spec.template.spec.containers[0].image = 'b'));
    at.run();
    at.edit(statefulsets, 'db', db => (db.spec.template.spec.containers[0].image = 'a'));
    at.run();
    assert.deepEqual(
      at
        .list(resources.controllerrevisions)
        .map(({ revision }) => Number(revision))
        .sort(),
      [2, 3],
    );
  });
});

describe('DaemonSet', () => {
  it('has one Pod on every node it may run on, also on new ones, and leaves with them', () => {
    const at = cluster();
    at.node('gpu', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    at.create(workload('DaemonSet', 'log', {}));
    at.run();
    assert.equal(
      at
        .list(pods)
        .map(({ spec }) => spec.nodeName)
        .sort()
        .join(),
      'n1,n2,n3',
    );
    at.node('n4');
    at.remove(resources.nodes, 'n1');
    at.run();
    assert.equal(
      at
        .list(pods)
        .map(({ spec }) => spec.nodeName)
        .sort()
        .join(),
      'n2,n3,n4',
    );
    const { status } = at.get(daemonsets, 'log')!;
    assert.deepEqual([status!.desiredNumberScheduled, status!.numberReady, status!.numberAvailable], [3, 3, 3]);
  });

  it('updates one node at a time, and waits for one that does not get ready', () => {
    const at = cluster();
    at.create(workload('DaemonSet', 'log', { template: template('log', 'a') }));
    at.run();
    at.healthy = ({ spec }) => spec.containers[0]!.image !== 'b';
    at.edit(daemonsets, 'log', log => (log.spec.template.spec.containers[0].image = 'b'));
    at.run();
    assert.equal(images(at), 'a,a,b');
  });
});

describe('Job', () => {
  const create = (at: Cluster, spec: Record<string, unknown>) =>
    at.create({
      kind: 'Job',
      metadata: { name: 'work', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'work' } },
        template: template('work', 'a', { restartPolicy: 'Never' }),
        ...spec,
      },
    });
  const end = (at: Cluster) =>
    at
      .get(jobs, 'work')!
      .status!.conditions?.filter(({ status }) => status === 'True')
      .map(({ type, reason }) => `${type} ${reason}`)
      .join(', ');
  /** Ends the running Pod that is first by name. */
  const finish = (at: Cluster, phase: 'Succeeded' | 'Failed') => {
    const pod = at.list(pods).find(({ status }) => status?.phase === 'Running')!;
    at.finish(pod.metadata.name, phase);
    at.run();
  };
  const running = (at: Cluster) => at.list(pods).filter(({ status }) => status?.phase === 'Running').length;

  it('runs so many at once until so many have succeeded', () => {
    const at = cluster();
    create(at, { completions: 3, parallelism: 2 });
    at.run();
    assert.equal(running(at), 2);
    for (const left of [2, 1, 0]) {
      finish(at, 'Succeeded');
      assert.equal(running(at), left);
    }
    assert.equal(end(at), 'SuccessCriteriaMet CompletionsReached, Complete CompletionsReached');
    assert.equal(at.get(jobs, 'work')!.status!.succeeded, 3);
  });

  it('waits after a failure, and gives up after the last', () => {
    const at = cluster();
    create(at, { completions: 1, parallelism: 1, backoffLimit: 1 });
    at.run();
    finish(at, 'Failed');
    assert.equal(running(at), 0);
    at.advance(10).run();
    assert.equal(running(at), 1);
    finish(at, 'Failed');
    assert.equal(end(at), 'FailureTarget BackoffLimitExceeded, Failed BackoffLimitExceeded');
    at.advance(1000).run();
    assert.equal(running(at), 0);
  });

  it('ends at its deadline and takes its Pods along', () => {
    const at = cluster();
    create(at, { completions: 1, parallelism: 1, activeDeadlineSeconds: 30 });
    at.run();
    at.advance(31).run();
    assert.equal(end(at), 'FailureTarget DeadlineExceeded, Failed DeadlineExceeded');
    assert.equal(at.list(pods).length, 0);
  });

  it('goes when its time after the end is over', () => {
    const at = cluster();
    create(at, { completions: 1, parallelism: 1, ttlSecondsAfterFinished: 60 });
    at.run();
    finish(at, 'Succeeded');
    at.advance(59).run();
    assert.ok(at.get(jobs, 'work'));
    at.advance(2).run();
    assert.equal(at.get(jobs, 'work'), undefined);
    assert.equal(at.list(pods).length, 0, 'and its Pods with it');
  });

  it('gives each index one success', () => {
    const at = cluster();
    create(at, { completions: 2, parallelism: 2, completionMode: 'Indexed' });
    at.run();
    finish(at, 'Failed');
    at.advance(10).run();
    finish(at, 'Succeeded');
    finish(at, 'Succeeded');
    assert.equal(at.get(jobs, 'work')!.status!.completedIndexes, '0-1');
    assert.match(end(at)!, /Complete/);
  });

  it('rests while it is suspended', () => {
    const at = cluster();
    create(at, { completions: 1, parallelism: 1, suspend: true });
    at.run();
    assert.equal(at.list(pods).length, 0);
    at.edit(jobs, 'work', work => (work.spec.suspend = false));
    at.run();
    assert.equal(running(at), 1);
  });
});

it('every Pod of every kind ends on a node', () => {
  const at = cluster();
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'])
    at.create(workload(kind, kind.toLowerCase(), { replicas: 3 }));
  at.run();
  assert.equal(podsOf(at).filter(text => !text.endsWith('undefined')).length, 12);
});
