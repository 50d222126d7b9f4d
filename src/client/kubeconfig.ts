/** Reads a kubeconfig file: which server, whose certificate. Knows no environment and no default place. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PodwireError } from '../report/errors.js';
import type { ClusterAccess } from './https-transport.js';

export interface Kubeconfig extends ClusterAccess {
  readonly namespace: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The access that the context named (the current one when left out) describes. Understands certificates and tokens,
 * inline or as files (relative to the kubeconfig); no exec plugins. Throws PW-A201.
 */
export async function readKubeconfig(path: string, context?: string): Promise<Kubeconfig> {
  const wrong = (problem: string) => new PodwireError('PW-A201', { path, problem });
  const text = await readFile(path, 'utf8').catch((error: Error) => Promise.reject(wrong(error.message)));
  const config = fields(
    await parse(text).catch((error: Error) => Promise.reject(wrong(error.message.split('\n')[0]!))),
  );

  const named = (list: string, member: string, name: unknown): Fields => {
    const entries = Array.isArray(config[list]) ? config[list] : [];
    const entry = entries.find(one => fields(one).name === name);
    if (!entry) throw wrong(`${list} has no '${name ?? ''}'`);
    return fields(fields(entry)[member]);
  };
  const pem = async (from: Fields, key: string): Promise<string | undefined> => {
    const inline = string(from[`${key}-data`]);
    if (inline) return Buffer.from(inline, 'base64').toString();
    const file = string(from[key]);
    if (!file) return undefined;
    return readFile(resolve(dirname(path), file), 'utf8').catch((error: Error) => Promise.reject(wrong(error.message)));
  };

  const chosen = named('contexts', 'context', context ?? config['current-context']);
  const cluster = named('clusters', 'cluster', chosen.cluster);
  const user = named('users', 'user', chosen.user);
  const server = string(cluster.server);
  if (!server?.startsWith('https://')) throw wrong(`server '${server ?? ''}' is no https address`);
  return {
    server,
    ca: await pem(cluster, 'certificate-authority'),
    cert: await pem(user, 'client-certificate'),
    key: await pem(user, 'client-key'),
    token: string(user.token) ?? (await pem(user, 'tokenFile'))?.trim(),
    serverName: string(cluster['tls-server-name']),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    namespace: string(chosen.namespace) ?? 'default',
  };
}

/** JSON is YAML too, and a process that meets only JSON (an agent's kubeconfig) never loads the YAML parser. */
async function parse(text: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) return JSON.parse(text);
  const { parse } = await import('yaml');
  return parse(text);
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
