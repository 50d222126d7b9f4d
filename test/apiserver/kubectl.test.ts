import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import type { LogOptions, NodeProxy } from '../../src/apiserver/node-proxy.js';
import { type Body, pod } from './harness.js';
import { KUBECTLS, type Story, startStory } from './kubectl.js';

const PODS = '/api/v1/namespaces/default/pods';
const APPS = '/apis/apps/v1/namespaces/default';

const web = (replicas: number, image = 'nginx') => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: ${image}
        ports: [{containerPort: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              color: {type: string, default: blue}
          status:
            type: object
            properties: {size: {type: integer}}
`;

for (const kubectl of KUBECTLS) {
  const old = kubectl.version === '1.20';
  const story = (name: string, tell: (s: Story) => Promise<void>, nodeProxy?: NodeProxy) =>
    test(`kubectl ${kubectl.version}: ${name}`, {
      skip: kubectl.path ? false : kubectl.missing,
      timeout: 60_000,
    }, async t => {
      await tell(await startStory(t, kubectl, { nodeProxy }));
    });

  story('apply a directory, again, and changed', async ({ k, ok, directory }) => {
    const manifests = join(directory, 'shop');
    fs.mkdirSync(manifests);
    fs.writeFileSync(join(manifests, 'web.yaml'), web(2));
    fs.writeFileSync(
      join(manifests, 'config.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } }),
    );
    assert.equal(await ok('apply -f shop'), 'configmap/c created\ndeployment.apps/web created\nservice/web created\n');
    assert.equal(
      await ok('apply -f shop'),
      'configmap/c unchanged\ndeployment.apps/web unchanged\nservice/web unchanged\n',
    );
    fs.writeFileSync(join(manifests, 'web.yaml'), web(3, 'nginx:2'));
    assert.match(
      await ok('apply -f shop'),
      /configmap\/c unchanged\ndeployment\.apps\/web configured\nservice\/web unchanged/,
    );
    assert.equal(
      await ok("get deploy web -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].image}'"),
      '3 nginx:2',
    );
    assert.equal((await k('diff -f shop')).out, '');
    fs.writeFileSync(join(manifests, 'web.yaml'), web(4, 'nginx:2'));
    const { code, out } = await k('diff -f shop');
    assert.equal(code, 1);
    assert.match(out, /- {2}replicas: 3\n\+ {2}replicas: 4/);
  });

  story('server-side apply: owners, a conflict, and force', async ({ k, ok }) => {
    assert.match(await ok('apply --server-side -f -', web(2)), /deployment\.apps\/web serverside-applied/);
    await ok('scale deploy web --replicas=5');
    const { code, err } = await k('apply --server-side -f -', web(2));
    assert.equal(code, 1);
    assert.match(err, /Apply failed with 1 conflict: conflict with ".*" using apps\/v1: ?\.spec\.replicas/);
    await ok('apply --server-side --force-conflicts -f -', web(2));
    assert.equal(await ok("get deploy web -o jsonpath='{.spec.replicas}'"), '2');
    const { metadata } = JSON.parse(await ok(`get deploy web -o json ${old ? '' : '--show-managed-fields'}`));
    const applied = metadata.managedFields.filter((entry: Body) => entry.operation === 'Apply');
    assert.deepEqual(
      applied.map((entry: Body) => entry.manager),
      ['kubectl'],
    );
  });

  story('create, expose and run', async ({ ok }) => {
    for (const line of [
      `create deployment web --image=nginx ${old ? '' : '--replicas=2'}`,
      'create configmap c --from-literal=a=b',
      'create secret generic s --from-literal=password=secret',
      'create service nodeport np --tcp=80:8080',
      'create serviceaccount bot',
      "create job j --image=busybox -- sh -c 'echo hi'",
      'create role r --verb=get --resource=pods',
      'create rolebinding rb --role=r --serviceaccount=default:bot',
      "create ingress i --rule='example.com/*=web:80'",
      'create namespace shop',
      'run p --image=busybox --restart=Never -- sleep 1',
      // 1.20 knows these in v1beta1 only, which no cluster serves any more.
      ...(old
        ? []
        : [
            "create cronjob cj --image=busybox --schedule='*/5 * * * *'",
            'create poddisruptionbudget pdb --selector=app=web --min-available=1',
          ]),
    ]) {
      assert.match(await ok(line), / created\n$/, line);
    }
    assert.equal(await ok('expose deploy web --port=80 --target-port=8080'), 'service/web exposed\n');
    assert.equal(await ok("get secret s -o jsonpath='{.data.password}'"), Buffer.from('secret').toString('base64'));
    assert.equal(await ok("get svc web -o jsonpath='{.spec.selector.app} {.spec.ports[0].targetPort}'"), 'web 8080');
    const nodePort = Number(await ok("get svc np -o jsonpath='{.spec.ports[0].nodePort}'"));
    assert.ok(nodePort >= 30000 && nodePort <= 32767);
    assert.equal(
      await ok("get pod p -o jsonpath='{.spec.containers[0].args} {.spec.restartPolicy} {.status.phase}'"),
      '["sleep","1"] Never Pending',
    );
    assert.equal(
      await ok('create -f - --dry-run=server -o name', web(1).split('---')[1]!.replace('name: web', 'name: dry')),
      'service/dry\n',
    );
    assert.match(await ok('get all'), /pod\/p .*service\/web .*deployment\.apps\/web .*job\.batch\/j /s);
  });

  story('get in every form', async ({ ok, request }) => {
    for (const [name, labels, node] of [
      ['a', { app: 'web' }, 'n1'],
      ['b', { app: 'db' }, 'n2'],
    ] as const) {
      await request(`POST ${PODS}`, { body: { ...pod(name, { nodeName: node }), metadata: { name, labels } } });
    }
    const table = (text: string) =>
      text
        .trim()
        .split('\n')
        .map(line => line.split(/\s{2,}/).map(cell => cell.trim()));
    assert.deepEqual(table(await ok('get pods'))[0], ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE']);
    assert.deepEqual(table(await ok('get pods'))[1]!.slice(0, 4), ['a', '0/1', 'Pending', '0']);
    const wide = table(await ok('get pods -o wide'));
    assert.deepEqual(wide[0], [
      'NAME',
      'READY',
      'STATUS',
      'RESTARTS',
      'AGE',
      'IP',
      'NODE',
      'NOMINATED NODE',
      'READINESS GATES',
    ]);
    assert.equal(wide[1]![6], 'n1');
    assert.match(await ok('get pods -A'), /^NAMESPACE +NAME/);
    assert.match(await ok('get pods --show-labels'), /app=web/);
    assert.match(await ok('get pods -L app'), /APP\n.* web\n.* db\n/);
    assert.equal(await ok('get pods -l app=web -o name'), 'pod/a\n');
    assert.equal(await ok('get pods --field-selector spec.nodeName=n2 -o name'), 'pod/b\n');
    assert.equal(await ok("get pods --sort-by='{.spec.nodeName}' -o name"), 'pod/a\npod/b\n');
    assert.equal(await ok("get pods -o jsonpath='{.items[*].metadata.name}'"), 'a b');
    assert.equal(
      await ok('get pods -o custom-columns=N:.metadata.name,W:.spec.nodeName --no-headers'),
      'a     n1\nb     n2\n',
    );
    assert.match(await ok('get pod a -o yaml'), /^apiVersion: v1\nkind: Pod\n/);
    assert.equal(JSON.parse(await ok('get pods -o json')).items.length, 2);
    assert.match(await ok('get po/a svc/kubernetes'), /pod\/a .*service\/kubernetes /s);
    assert.equal(
      await ok('get --raw /api/v1/namespaces/default/pods/a/status').then(text => JSON.parse(text).kind),
      'Pod',
    );
  });

  story('get -w shows changes as they happen', async ({ ok, follow }) => {
    const { lines, stop } = follow('get configmaps -w --no-headers');
    await ok('create configmap first --from-literal=a=b');
    const next = async () => (await lines.next()).value?.split(/\s+/).slice(0, 2).join(' ');
    assert.equal(await next(), 'first 1');
    await ok('create configmap second');
    assert.equal(await next(), 'second 0');
    await ok('patch configmap second --type=merge -p \'{"data":{"a":"b"}}\'');
    assert.equal(await next(), 'second 1');
    stop();
  });

  story('patch, label, annotate, scale, edit, replace', async ({ ok, k }) => {
    await ok('apply -f -', web(1));
    await ok(
      `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:2"}]}}}}'`,
    );
    await ok(`patch deploy web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":4}]'`);
    await ok(`patch svc web --type=merge -p '{"spec":{"type":"NodePort"}}'`);
    await ok('label deploy web tier=front');
    await ok('label deploy web tier-');
    await ok('annotate deploy web note=hello');
    await ok('set image deploy/web nginx=nginx:3');
    await ok('set env deploy/web COLOR=blue');
    assert.equal(await ok('scale deploy web --replicas=6'), 'deployment.apps/web scaled\n');
    const deploy = JSON.parse(await ok('get deploy web -o json'));
    assert.equal(deploy.spec.replicas, 6);
    assert.equal(deploy.metadata.labels.tier, undefined);
    assert.equal(deploy.metadata.annotations.note, 'hello');
    const [container] = deploy.spec.template.spec.containers;
    assert.deepEqual(
      [container.image, container.env, container.ports[0].containerPort],
      ['nginx:3', [{ name: 'COLOR', value: 'blue' }], 80],
    );
    await ok('edit deploy web', '', { EDITOR: "sed -i 's/replicas: 6/replicas: 7/'" });
    assert.equal(await ok("get deploy web -o jsonpath='{.spec.replicas}'"), '7');
    assert.match(await ok('replace -f -', web(2)), /deployment\.apps\/web replaced\nservice\/web replaced/);
    const failed = await k(`patch deploy web -p '{"spec":{"replicas":-1}}'`);
    assert.match(
      failed.err,
      /The Deployment "web" is invalid: spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    );
  });

  story('rollout: status, restart, history, undo', async ({ ok, request }) => {
    await ok('apply -f -', web(1));
    const deployment = async () => (await request(`GET ${APPS}/deployments/web`)).body;
    const roll = async (revision: number) => {
      // What the deployment's controller does: a ReplicaSet per revision, and the status.
      const { metadata, spec } = await deployment();
      const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: metadata.uid, controller: true };
      const labels = { app: 'web', 'pod-template-hash': String(revision) };
      const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
      const annotations = { 'deployment.kubernetes.io/revision': String(revision) };
      const made = await request(`POST ${APPS}/replicasets`, {
        body: {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: { name: `web-${revision}`, labels, annotations, ownerReferences: [owner] },
          spec: { replicas: 1, selector: { matchLabels: labels }, template },
        },
      });
      assert.equal(made.status, 201, made.text);
      await request(`PATCH ${APPS}/deployments/web`, {
        body: { metadata: { annotations } },
        type: 'application/merge-patch+json',
      });
      const status = {
        observedGeneration: metadata.generation,
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
      };
      await request(`PATCH ${APPS}/deployments/web/status`, { body: { status }, type: 'application/merge-patch+json' });
    };
    await roll(1);
    assert.match(await ok('rollout status deploy web'), /deployment "web" successfully rolled out/);
    await ok('set image deploy/web nginx=nginx:2');
    await roll(2);
    assert.match(await ok('rollout history deploy web'), /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/);
    assert.equal(await ok('rollout undo deploy web'), 'deployment.apps/web rolled back\n');
    assert.equal((await deployment()).spec.template.spec.containers[0].image, 'nginx');
    assert.equal(await ok('rollout restart deploy web'), 'deployment.apps/web restarted\n');
    assert.ok((await deployment()).spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']);
  });

  story('delete: grace, cascade, finalizers, all', async ({ ok, request }) => {
    await ok('apply -f -', web(1));
    assert.match(await ok('delete -f -', web(1)), /deployment\.apps "web" deleted.*\nservice "web" deleted/);
    await ok('apply -f -', web(1));
    await ok('delete deploy web --cascade=orphan --wait=false');
    const { metadata } = (await request(`GET ${APPS}/deployments/web`)).body;
    assert.deepEqual(metadata.finalizers, ['orphan']);
    await ok(`patch deploy web --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`);
    assert.equal((await request(`GET ${APPS}/deployments/web`)).status, 404);

    await request(`POST ${PODS}`, { body: pod('slow', { nodeName: 'n1' }) });
    const waiting = ok('delete pod slow --grace-period=7');
    for (;;) {
      const { body } = await request(`GET ${PODS}/slow`);
      if (body.metadata.deletionGracePeriodSeconds === 7) break;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    await request(`DELETE ${PODS}/slow`, { body: { gracePeriodSeconds: 0 } }); // the kubelet's word
    assert.match(await waiting, /pod "slow" deleted/);
    await request(`POST ${PODS}`, { body: pod('stuck', { nodeName: 'n1' }) });
    assert.match(await ok('delete pod stuck --force --grace-period=0'), /pod "stuck" force deleted/);

    for (const name of ['a', 'b', 'c']) await ok(`create configmap ${name}`);
    assert.equal((await ok('delete configmap --all -o name')).trim().split('\n').length, 3);
    assert.equal((await request('GET /api/v1/namespaces/default/configmaps')).body.items.length, 0);
  });

  story('wait for conditions, values and deletion', async ({ ok, k, request }) => {
    await request(`POST ${PODS}`, { body: pod('a', { nodeName: 'n1' }) });
    assert.match((await k('wait --for=condition=Ready pod/a --timeout=1s')).err, /timed out waiting for the condition/);
    const ready = ok('wait --for=condition=Ready pod/a --timeout=20s');
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await request(`PATCH ${PODS}/a/status`, { body: { status }, type: 'application/strategic-merge-patch+json' });
    assert.match(await ready, /pod\/a condition met/);
    if (!old)
      assert.match(await ok("wait --for=jsonpath='{.status.phase}'=Running pod/a --timeout=20s"), /condition met/);
    await request(`PATCH ${PODS}/a`, {
      body: { metadata: { finalizers: ['example.com/wait'] } },
      type: 'application/merge-patch+json',
    });
    await request(`DELETE ${PODS}/a?gracePeriodSeconds=0`);
    assert.match((await k('wait --for=delete pod/a --timeout=1s')).err, /timed out waiting for the condition/);
    await request(`PATCH ${PODS}/a`, {
      body: { metadata: { finalizers: null } },
      type: 'application/merge-patch+json',
    });
    if (!old) await ok('wait --for=delete pod/a --timeout=20s');
  });

  const asked: LogOptions[] = [];
  const nodeProxy = {
    logs: async (_: unknown, options: LogOptions) => {
      asked.push(options);
      return Readable.from(options.follow ? ['one\n', 'two\n', 'three\n'] : ['one\n']);
    },
  } as unknown as NodeProxy;
  story(
    'logs reach the node with all their options',
    async ({ ok, k, request }) => {
      await request(`POST ${PODS}`, { body: pod('a', { nodeName: 'n1' }) });
      const two = {
        nodeName: 'n1',
        containers: [
          { name: 'x', image: 'i' },
          { name: 'y', image: 'i' },
        ],
      };
      await request(`POST ${PODS}`, { body: pod('two', two) });
      assert.equal(await ok('logs a'), 'one\n');
      assert.equal(await ok('logs -f a --tail=3 --timestamps'), 'one\ntwo\nthree\n');
      await ok('logs -p a --since=10s');
      await ok('logs two -c y');
      const plain = asked.map(options => Object.fromEntries(Object.entries(options).filter(([, value]) => value)));
      assert.deepEqual(plain, [
        { container: 'c' },
        { container: 'c', follow: true, timestamps: true, tailLines: 3 },
        { container: 'c', previous: true, sinceSeconds: 10 },
        { container: 'y' },
      ]);
      assert.match((await k('logs two -c z')).err, /container z is not valid for pod two/);
    },
    nodeProxy,
  );

  story('what there is, and who may what', async ({ ok }) => {
    assert.match(await ok('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/);
    assert.match(await ok('api-versions'), /^apps\/v1$.*^v1$/ms);
    assert.match(await ok('version'), /v1\.32/);
    assert.match(await ok('cluster-info'), /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1/);
    assert.equal(await ok('auth can-i create deployments'), 'yes\n');
    assert.match(await ok("get --raw '/readyz?verbose'"), /\[\+\]store ok\nreadyz check passed/);
    assert.match(await ok('explain deployment.spec.replicas'), /KIND: +Deployment.*FIELD: +replicas <integer>/s);
    assert.match(
      await ok('explain pod.spec --recursive'),
      /containers\t<\[\](Object|Container)>.*containerPort\t<integer>/s,
    );
    if (old) return;
    assert.match(await ok('auth whoami'), /Username +kubernetes-admin/);
    assert.match(await ok('events', ''), /^$|No events/);
  });

  story('describe tells of the object and its events', async ({ ok, request }) => {
    await ok('apply -f -', web(2));
    await request(`POST ${PODS}`, { body: pod('a', { nodeName: 'n1' }) });
    const { uid } = (await request(`GET ${PODS}/a`)).body.metadata;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'a.1' },
      involvedObject: { kind: 'Pod', name: 'a', namespace: 'default', uid },
      reason: 'Started',
      message: 'the container runs',
      type: 'Normal',
      count: 1,
      source: { component: 'kubelet' },
      lastTimestamp: '2026-01-01T00:00:00Z',
    };
    await request('POST /api/v1/namespaces/default/events', { body: event });
    assert.match(await ok('describe pod a'), /^Name: +a\n.*Node: +n1\/.*Normal +Started .*the container runs/s);
    assert.match(await ok('describe deploy web'), /Replicas: +2 desired/);
    assert.match(await ok('describe svc web'), /TargetPort: +8080\/TCP/);
    assert.match(await ok('describe ns default'), /Status: +Active/);
    assert.match(await ok('get events'), /Normal +Started +pod\/a +the container runs/);
  });

  story('a custom resource from definition to deletion', async ({ ok, k }) => {
    await ok('apply -f -', crd);
    await ok('wait --for=condition=Established crd/widgets.example.com --timeout=20s');
    const widget = (size: unknown) =>
      `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"size":${size}}}`;
    assert.equal(await ok('apply -f -', widget(3)), 'widget.example.com/a created\n');
    assert.equal(await ok('apply -f -', widget(4)), 'widget.example.com/a configured\n');
    assert.match(await ok('get wd'), /NAME +SIZE\na +4\n/);
    assert.equal(await ok("get widget a -o jsonpath='{.spec.color} {.metadata.generation}'"), 'blue 2');
    assert.match((await k('apply -f -', widget(0))).err, /spec\.size: Invalid value: 0: .*greater than or equal to 1/);
    assert.match(
      (await k('apply -f -', widget('"x"'))).err,
      /spec\.size\)?: (Invalid value: "?string"?: |invalid type )/,
    );
    await ok('scale widget a --replicas=9');
    assert.equal(await ok("get widget a -o jsonpath='{.spec.size}'"), '9');
    await ok('delete crd widgets.example.com');
    assert.match(
      (await k('get widgets')).err,
      /the server (doesn't have a resource type "widgets"|could not find the requested resource)/,
    );
  });

  story('mistakes are told in the words that users know', async ({ k, ok }) => {
    await ok('create configmap c');
    for (const [line, words] of [
      ['get pod nothing', 'Error from server (NotFound): pods "nothing" not found'],
      ['create configmap c', 'configmaps "c" already exists'],
      ['get nonsense', 'the server doesn\'t have a resource type "nonsense"'],
      ['create configmap Bad_Name', 'a lowercase RFC 1123 subdomain must consist of'],
      ['-n nowhere create configmap c', 'namespaces "nowhere" not found'],
      ['delete ns kube-system', 'is forbidden: this namespace may not be deleted'],
    ] as const) {
      const { code, err } = await k(line);
      assert.equal(code, 1, line);
      assert.ok(err.includes(words), `${line}: ${err}`);
    }
    const bad = web(1).replace('replicas: 1', 'replicaz: 1');
    if (!old) assert.match((await k('apply -f -', bad)).err, /unknown field "spec\.replicaz"/);
  });
}
