/** The ConfigMap kube-system/podwire-dns, followed: what is right in it holds at once, and of what is wrong the last right state stays. */

import type { Api } from '../client/api.js';
import { reflect } from '../client/reflector.js';
import { DNS_DEFAULTS, type DnsConfig, readDnsConfig } from '../dns/config.js';
import { type Problem, problem } from '../model/problem.js';
import { text } from '../model/read.js';
import type { KubeObject } from '../objects/meta.js';
import { resources } from '../objects/resources.js';
import { logger } from '../report/log.js';
import type { Name } from '../wire/dns-name.js';

export const DNS_CONFIG = { namespace: 'kube-system', name: 'podwire-dns' } as const;
/** The only one of the ConfigMap's keys that is read: YAML, so that it may have comments. */
const KEY = 'config.yaml';

const log = logger('dns');

export interface DnsConfigSink {
  configure(config: DnsConfig): void;
  /** Once for each state of the object that is wrong. */
  refused(problem: Problem, object: KubeObject): void;
}

/** Runs until the signal aborts; never rejects. `domain` is a key. */
export async function followDnsConfig(api: Api, domain: Name, sink: DnsConfigSink, signal: AbortSignal): Promise<void> {
  const only = { namespace: DNS_CONFIG.namespace, fieldSelector: `metadata.name=${DNS_CONFIG.name}` };
  for await (const change of reflect(api, resources.configmaps, { ...only, signal })) {
    if (change.type === 'synced') continue;
    const found = change.type === 'delete' ? DNS_DEFAULTS : await readDnsConfigMap(change.object, domain);
    if ('code' in found) {
      log.warn('the DNS configuration is wrong, the one before it stays', { problem: found.message });
      sink.refused(found, change.object);
    } else {
      log.info('another DNS configuration', { version: change.object.metadata.resourceVersion });
      sink.configure(found);
    }
  }
}

/** What a ConfigMap says; never rejects. */
export async function readDnsConfigMap(object: KubeObject, domain: Name): Promise<DnsConfig | Problem> {
  const wrong = (what: string) =>
    problem(`ConfigMap ${DNS_CONFIG.namespace}/${DNS_CONFIG.name}`, 'PW-D601', { problem: what, ...DNS_CONFIG });
  const given = text(object, 'data', KEY);
  if (given === undefined) return wrong(`it has no key ${KEY}`);
  // Loaded when there is something to read: most clusters have no such object.
  const { parse } = await import('yaml');
  try {
    const config = readDnsConfig(parse(given), domain);
    return 'problem' in config ? wrong(`${KEY}: ${config.problem}`) : config;
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    return wrong(`${KEY}: ${line.replace(/:$/, '')}`);
  }
}
