/** The service account tokens of a Pod's projected volumes: asked for, kept, and renewed before they expire. */

import type { Api } from '../../client/api.js';
import type { Pod } from '../../objects/pod.js';
import { ConfigError } from './environment.js';

interface Wanted {
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds?: number;
}

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp?: string };
}

export class ServiceTokens {
  readonly #tokens = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  /** `renewed` is called when the files must be written anew. */
  constructor(
    readonly api: Api,
    readonly pod: Pod,
    readonly renewed: () => void,
  ) {}

  /** Asks for those that are not there yet. */
  async fetch(): Promise<void> {
    for (const wanted of wantedTokens(this.pod)) {
      if (!this.#tokens.has(wanted.path)) await this.#request(wanted);
    }
  }

  /** By the path of the file in its volume. Throws ConfigError before it is there. */
  token(path: string): string {
    const token = this.#tokens.get(path);
    if (token === undefined) throw new ConfigError(`no token for ${path} yet`);
    return token;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #request({ path, audience, expirationSeconds = 3600 }: Wanted): Promise<void> {
    const { namespace = '', name, uid } = this.pod.metadata;
    const account = this.pod.spec.serviceAccountName || 'default';
    const url = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(account)}/token`;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
    };
    const { status } = await this.api.request<TokenRequest>('POST', url, body);
    this.#tokens.set(path, status.token);
    // At four fifths of its life, as kubelet does.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), Math.min(expirationSeconds * 800, 2 ** 31 - 1)).unref();
  }

  async #renew(): Promise<void> {
    try {
      for (const wanted of wantedTokens(this.pod)) await this.#request(wanted);
      this.renewed();
    } catch {
      this.#timer = setTimeout(() => void this.#renew(), 10_000).unref();
    }
  }
}

function wantedTokens(pod: Pod): Wanted[] {
  const sources = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return sources.flatMap(({ serviceAccountToken }) => (serviceAccountToken ? [serviceAccountToken] : []));
}
