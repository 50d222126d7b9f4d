/** The user's kubeconfig: adds the lab's context beside the others and takes it away again. Knows no API server. */

import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';

/** What a client needs to reach the API server: PEM texts. */
export interface Credentials {
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface Named {
  readonly name: string;
}

interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  clusters?: Named[];
  users?: Named[];
  contexts?: Named[];
  'current-context'?: string;
  [other: string]: unknown;
}

export function contextName(lab: string): string {
  return `podwire-${lab}`;
}

/** A kubeconfig of its own, with the one context. */
export function kubeconfig(name: string, credentials: Credentials): string {
  return stringify(oneContext(name, credentials));
}

/** The same as JSON, which every reader of kubeconfigs takes. */
export function kubeconfigJson(name: string, credentials: Credentials): string {
  return JSON.stringify(oneContext(name, credentials));
}

/** Adds or renews the one context of `own`, a kubeconfig's text, and makes it the current one. Returns the file it was written to. */
export function mergeContext(own: string): string {
  const file = userKubeconfig();
  const { clusters, users, contexts, 'current-context': current } = parse(own) as Kubeconfig;
  const config = read(file);
  const put = (entries: Named[] | undefined, added: Named[] | undefined) => [
    ...(entries ?? []).filter(({ name }) => !added?.some(entry => entry.name === name)),
    ...(added ?? []),
  ];
  save(file, {
    ...EMPTY,
    ...config,
    clusters: put(config.clusters, clusters),
    users: put(config.users, users),
    contexts: put(config.contexts, contexts),
    'current-context': current,
  });
  return file;
}

/** Removes what `mergeContext` added; a file that then holds nothing is removed, too. */
export function removeContext(lab: string): void {
  const file = userKubeconfig();
  if (!existsSync(file)) return;
  const name = contextName(lab);
  const config = read(file);
  if (!config.contexts?.some(context => context.name === name)) return;
  const others = (entries: Named[] | undefined) => (entries ?? []).filter(entry => entry.name !== name);
  const rest: Kubeconfig = {
    ...config,
    clusters: others(config.clusters),
    users: others(config.users),
    contexts: others(config.contexts),
  };
  if (rest['current-context'] === name) rest['current-context'] = '';
  if (rest.clusters!.length + rest.users!.length + rest.contexts!.length === 0) rmSync(file);
  else save(file, rest);
}

const EMPTY = { apiVersion: 'v1', kind: 'Config' };

function oneContext(name: string, { server, ca, certificate, key }: Credentials): Kubeconfig {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    ...EMPTY,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(ca) } } as Named],
    users: [
      { name, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } } as Named,
    ],
    contexts: [{ name, context: { cluster: name, user: name } } as Named],
    'current-context': name,
  };
}

/** The first file of KUBECONFIG, or ~/.kube/config of the person who called: under sudo that is not root. */
function userKubeconfig(): string {
  const listed = process.env.KUBECONFIG?.split(':').find(path => path !== '');
  return listed ?? join(caller().home, '.kube', 'config');
}

function caller(): { home: string; uid?: number; gid?: number } {
  const uid = Number(process.env.SUDO_UID ?? 0);
  const line =
    uid > 0 &&
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find(entry => entry.split(':')[2] === String(uid));
  if (!line) return { home: homedir() };
  const [, , , gid, , home] = line.split(':');
  return { home: home!, uid, gid: Number(gid) };
}

function read(file: string): Kubeconfig {
  return existsSync(file) ? ((parse(readFileSync(file, 'utf8')) as Kubeconfig | null) ?? {}) : {};
}

function save(file: string, config: Kubeconfig): void {
  const { uid, gid } = caller();
  const made = mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.podwire`, stringify(config), { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) {
    if (made) chownSync(made, uid, gid);
    chownSync(`${file}.podwire`, uid, gid);
  }
  renameSync(`${file}.podwire`, file);
}
