/** The DSL infers ordinary types: what compiles here is the contract; what runs checks the data. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { KubeObject, Pod, Service } from '../../src/objects/kinds.js';
import { apiVersionOf, builtinResources, resources } from '../../src/objects/resources.js';

test('an object written by hand is of its kind, and any kind is a KubeObject', () => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
  };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { ports: [{ port: 80, protocol: 'TCP' }] },
  };
  const objects: KubeObject[] = [pod, service];
  const port: number | undefined = pod.spec.containers[0]?.ports?.[0]?.containerPort;
  const protocol: 'TCP' | 'UDP' | 'SCTP' | undefined = service.spec.ports?.[0]?.protocol;
  // @ts-expect-error a port is a number
  const wrong: Service = { ...service, spec: { ports: [{ port: '80' }] } };
  // @ts-expect-error values are read-only
  pod.metadata.name = 'b';
  assert.deepEqual([objects.length, port, protocol, wrong.spec.ports?.length], [2, 80, 'TCP', 1]);
});

test('no two resources share a path, a kind or a short name within their group', () => {
  const names = builtinResources.flatMap(r =>
    // Of Endpoints there is no other singular.
    [...new Set([r.plural, r.singular, r.kind, ...r.shortNames])].map(n => `${apiVersionOf(r)} ${n}`),
  );
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  assert.equal(apiVersionOf(resources.pods), 'v1');
  assert.equal(apiVersionOf(resources.ingresses), 'networking.k8s.io/v1');
});
