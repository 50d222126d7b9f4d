/** A cluster with many policies: Pods in namespaces, five policies in each, of which some look across namespaces. */

import type { KubeObject } from '../src/objects/meta.js';

export const PODS = 10_000;
export const NAMESPACES = 1_000;
export const POLICIES = 5_000;
/** On the node that is measured. */
export const LOCAL = 110;

const LABELS = 5;

export function namespaceObject(i: number): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${i}`, labels: { team: `team-${i % 50}` } } };
}

/** The first are the node's own: each in a namespace of its own. */
export function podIP(i: number): string {
  return i < LOCAL ? `10.128.0.${2 + i}` : `10.129.${i >> 8}.${i & 255}`;
}

export function podName(i: number): { readonly namespace: string; readonly name: string } {
  return { namespace: `ns-${i % NAMESPACES}`, name: `pod-${i}` };
}

export function podObject(i: number, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...podName(i), uid: `${i}`, labels: { app: `app-${Math.floor(i / NAMESPACES) % LABELS}`, ...labels } },
    spec: {
      nodeName: i < LOCAL ? 'n1' : 'n2',
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
    status: { phase: 'Running', podIPs: [{ ip: podIP(i) }] },
  };
}

/** Isolation, the own namespace, a port by name, another team's namespaces, and networks: in turn. */
export function policyObject(i: number): KubeObject {
  const app = { matchLabels: { app: `app-${i % LABELS}` } };
  const rules: readonly object[] = [
    { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }] },
    { podSelector: {}, ingress: [{ from: [{ podSelector: app }] }] },
    { podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] },
    {
      podSelector: {},
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: `team-${i % 50}` } }, podSelector: app }] }],
    },
    {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.3.0.0/16'] } }] }],
    },
  ];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: `ns-${i % NAMESPACES}`, name: `p-${i}` },
    spec: rules[Math.floor(i / NAMESPACES) % rules.length]!,
  };
}
