import assert from 'node:assert/strict';
import test from 'node:test';
import { type Body, configMap, type Harness, pod, startServer } from './harness.js';

const CM = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

const line = ({ type, object }: { type: string; object: Body }) =>
  type === 'BOOKMARK'
    ? `${type} ${object.metadata.resourceVersion}`
    : `${type} ${object.metadata?.name ?? object.code}`;

/** The first `count` events of a watch while `act` runs. */
async function collect(
  server: Harness,
  path: string,
  count: number,
  act: () => Promise<void> = async () => {},
): Promise<string[]> {
  const end = new AbortController();
  const lines: string[] = [];
  const watching = (async () => {
    for await (const event of server.watch(path, { signal: end.signal })) {
      lines.push(line(event));
      if (lines.length >= count) end.abort();
    }
  })();
  await act();
  await watching;
  return lines;
}

test('a watch from a list misses nothing and repeats nothing', async t => {
  const server = startServer(t);
  const { request } = server;
  await request(`POST ${CM}`, { body: configMap('before') });
  const { resourceVersion } = (await request(`GET ${CM}`)).body.metadata;
  await request(`POST ${CM}`, { body: configMap('between') });
  const lines = await collect(server, `${CM}?resourceVersion=${resourceVersion}`, 3, async () => {
    await request(`PUT ${CM}/between`, { body: configMap('between', { k: 'v' }) });
    await request(`POST /api/v1/namespaces/kube-system/configmaps`, { body: configMap('elsewhere') });
    await request(`DELETE ${CM}/before`);
  });
  assert.deepEqual(lines, ['ADDED between', 'MODIFIED between', 'DELETED before']);
});

test('without a version, or with 0, a watch begins with what there is', async t => {
  const server = startServer(t);
  for (const name of ['a', 'b']) await server.request(`POST ${CM}`, { body: configMap(name) });
  for (const query of ['', '?resourceVersion=0']) {
    assert.deepEqual(await collect(server, `${CM}${query}`, 2), ['ADDED a', 'ADDED b']);
  }
});

test('a watch list ends its beginning with an annotated bookmark', async t => {
  const server = startServer(t);
  await server.request(`POST ${CM}`, { body: configMap('a') });
  const end = new AbortController();
  const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=';
  const events: Body[] = [];
  for await (const event of server.watch(`${CM}?${query}`, { signal: end.signal })) {
    events.push(event);
    if (event.type === 'BOOKMARK') end.abort();
  }
  assert.deepEqual(
    events.map(event => event.type),
    ['ADDED', 'BOOKMARK'],
  );
  const { metadata } = events[1].object;
  assert.equal(metadata.annotations['k8s.io/initial-events-end'], 'true');
  assert.equal(metadata.resourceVersion, (await server.request(`GET ${CM}`)).body.metadata.resourceVersion);
});

test('to a selective watch, an object that begins to match is added and one that ends to is deleted', async t => {
  const server = startServer(t);
  const { request } = server;
  const labelled = (name: string, app: string) => configMap(name, {}, { labels: { app } });
  await request(`POST ${CM}`, { body: labelled('a', 'db') });
  const { resourceVersion } = (await request(`GET ${CM}`)).body.metadata;
  const lines = await collect(server, `${CM}?labelSelector=app=web&resourceVersion=${resourceVersion}`, 4, async () => {
    await request(`POST ${CM}`, { body: labelled('never', 'db') });
    await request(`PUT ${CM}/a`, { body: labelled('a', 'web') });
    await request(`PUT ${CM}/a`, { body: { ...labelled('a', 'web'), data: { k: 'v' } } });
    await request(`PUT ${CM}/a`, { body: labelled('a', 'db') });
    await request(`DELETE ${CM}/a`);
    await request(`POST ${CM}`, { body: labelled('last', 'web') });
  });
  assert.deepEqual(lines, ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED last']);
});

test('field selectors of a node watch its own Pods only', async t => {
  const server = startServer(t);
  const lines = await collect(server, `/api/v1/pods?fieldSelector=spec.nodeName=n1`, 2, async () => {
    await server.request(`POST ${PODS}`, { body: pod('other', { nodeName: 'n2' }) });
    await server.request(`POST ${PODS}`, { body: pod('mine') });
    await server.request(`POST ${PODS}/mine/binding`, { body: { target: { name: 'n1' } } });
    await server.request(`DELETE ${PODS}/mine?gracePeriodSeconds=0`);
  });
  assert.deepEqual(lines, ['ADDED mine', 'DELETED mine']);
});

test('versions that are no longer remembered, and such that never were, are Gone', async t => {
  const server = startServer(t);
  const { request } = server;
  for (let i = 0; i < 9000; i++)
    await request(`PUT ${CM}/a`, { body: configMap('a', { i: String(i) }) }).then(async r => {
      if (r.status === 404) await request(`POST ${CM}`, { body: configMap('a') });
    });
  const old = await request(`GET ${CM}?watch=true&resourceVersion=10`);
  assert.equal(old.status, 410);
  assert.equal(old.body.reason, 'Expired');
  const future = await request(`GET ${CM}?watch=true&resourceVersion=999999`);
  assert.equal(future.status, 410);
});

test('a watch over a quiet resource outlives any traffic elsewhere', async t => {
  const server = startServer(t);
  const { request } = server;
  const { resourceVersion } = (await request('GET /api/v1/secrets')).body.metadata;
  await request(`POST ${CM}`, { body: configMap('a') });
  for (let i = 0; i < 9000; i++) await request(`PUT ${CM}/a`, { body: configMap('a', { i: String(i) }) });
  const lines = await collect(server, `/api/v1/secrets?resourceVersion=${resourceVersion}`, 1, async () => {
    await request('POST /api/v1/namespaces/default/secrets', { body: { ...configMap('s'), kind: 'Secret', data: {} } });
  });
  assert.deepEqual(lines, ['ADDED s']);
});

test('concurrent writers: every watcher sees every change once, in one order, and ends with what a list shows', async t => {
  const server = startServer(t);
  const { request } = server;
  const WRITERS = 8;
  const ROUNDS = 60;
  const end = new AbortController();
  const seen: { type: string; name: string; version: number }[][] = [];
  const watchers = Array.from({ length: 5 }, async (_, i) => {
    const events: { type: string; name: string; version: number }[] = [];
    seen.push(events);
    // Some begin at once, some while the writers are at work.
    for (let wait = 0; wait < i * 20; wait++) await new Promise(setImmediate);
    for await (const { type, object } of server.watch(`${CM}?resourceVersion=1`, { signal: end.signal })) {
      events.push({ type, name: object.metadata.name, version: Number(object.metadata.resourceVersion) });
    }
  });
  const writer = async (id: number) => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `c${(id * 7 + round) % 11}`;
      const [verb, path] =
        round % 5 === 4 ? ['DELETE', `${CM}/${name}`] : round % 2 ? ['PUT', `${CM}/${name}`] : ['POST', CM];
      await request(`${verb} ${path}`, verb === 'DELETE' ? {} : { body: configMap(name, { by: `${id}-${round}` }) });
      if (round % 3 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, id) => writer(id)));
  await request(`POST ${CM}`, { body: configMap('last') });
  const list = (await request(`GET ${CM}`)).body;
  for (;;) {
    if (seen.length === 5 && seen.every(events => events.at(-1)?.name === 'last')) break;
    await new Promise(setImmediate);
  }
  end.abort();
  await Promise.all(watchers);
  for (const events of seen) {
    assert.deepEqual(events, seen[0]);
    const versions = events.map(event => event.version);
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => a - b),
      'ordered and unique',
    );
    const alive = new Map<string, number>();
    for (const { type, name, version } of events) {
      assert.equal(type === 'ADDED', !alive.has(name), `${type} ${name}@${version}`);
      if (type === 'DELETED') alive.delete(name);
      else alive.set(name, version);
    }
    const listed = list.items.map((item: Body) => [item.metadata.name, Number(item.metadata.resourceVersion)]);
    assert.deepEqual([...alive].sort(), listed.sort());
  }
});

test('a watch ends when its time is over', async t => {
  const server = startServer(t);
  const events: unknown[] = [];
  for await (const event of server.watch(`${CM}?timeoutSeconds=1`)) events.push(event);
  assert.deepEqual(events, []);
});

test('a watcher that does not read in time is told to start anew, and costs no memory meanwhile', async t => {
  const server = startServer(t);
  const { request } = server;
  await request(`POST ${CM}`, { body: configMap('a') });
  const events = server.watch(`${CM}?resourceVersion=1`);
  assert.equal((await events.next()).value!.type, 'ADDED');
  for (let i = 0; i < 9000; i++) await request(`PUT ${CM}/a`, { body: configMap('a', { i: String(i) }) });
  const rest: string[] = [];
  for await (const event of events) rest.push(line(event));
  assert.equal(rest.at(-1), 'ERROR 410');
});
