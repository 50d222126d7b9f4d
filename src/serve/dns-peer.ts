/** One upstream resolver: how it is asked, whether it answers, and the probes until it does again. Knows no cache and no other upstream. */

import { randomBytes } from 'node:crypto';
import { formatUpstream, type Upstream } from '../dns/upstream.js';
import { PodwireError } from '../report/errors.js';
import { logger } from '../report/log.js';
import { CLASS_IN, type Message, type Question } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import { askUdp, type QueryFlags, queryFor } from './dns-exchange.js';
import { UpstreamStream } from './dns-stream.js';

/** After a failure it is asked last and probed so often, in milliseconds. */
const PROBE_MS = 1000;
const PROBE_PATIENCE_MS = 500;
/** So many failures in a row are no lost packet any more. */
const REMARKABLE = 3;

const log = logger('dns');

export class Peer {
  readonly #stream: UpstreamStream;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #probe: Name | undefined;
  /** The last probe came back as a question to us, and that was told. */
  #circled = false;
  #told = false;
  #closed = false;

  /** Probes ask for names in `zone`, which it should know something of. `report` hears once of an upstream that leads back to us. */
  constructor(
    readonly upstream: Upstream,
    private readonly zone: Name,
    private readonly report: (error: PodwireError) => void,
    ca?: string,
  ) {
    this.#stream = new UpstreamStream(upstream, ca);
  }

  /** What was asked last got no reply in time. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Rejects when it cannot be reached or the signal ends the wait. */
  async ask(question: Question, flags: QueryFlags, signal: AbortSignal): Promise<Message> {
    const query = queryFor(question, flags);
    const reply = this.upstream.serverName === undefined && (await askUdp(this.upstream, query, signal));
    return reply && !reply.truncated ? reply : this.#stream.ask(query, signal);
  }

  answered(): void {
    if (this.#failures >= REMARKABLE)
      log.info('an upstream resolver answers again', { upstream: formatUpstream(this.upstream) });
    this.#failures = 0;
    this.#told = false;
  }

  failed(reason: unknown): void {
    if (this.#closed) return;
    if (++this.#failures === REMARKABLE)
      log.warn('an upstream resolver does not answer', { upstream: formatUpstream(this.upstream), reason });
    this.#timer ??= setTimeout(() => void this.#look(), PROBE_MS).unref();
  }

  /** A question arrived that only a probe of ours has asked for: this upstream leads back to us. */
  recognises(name: Name): boolean {
    if (name !== this.#probe) return false;
    if (!this.#told) this.report(new PodwireError('PW-D602', { upstream: formatUpstream(this.upstream) }));
    this.#circled = this.#told = true;
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stream.close();
  }

  async #look(): Promise<void> {
    this.#circled = false;
    // Nobody can guess it, and so nobody can make us believe in a loop.
    const label = randomBytes(10).toString('hex');
    const name = this.zone === '.' ? `${label}.` : `${label}.${this.zone}`;
    this.#probe = name;
    const question: Question = { name, spelled: name, type: 'HINFO', class: CLASS_IN };
    const flags = { dnssecOk: false, checkingDisabled: false };
    const reply = await this.ask(question, flags, AbortSignal.timeout(PROBE_PATIENCE_MS)).catch((error: unknown) => ({
      error,
    }));
    this.#probe = this.#timer = undefined;
    if (this.#circled) this.failed('it leads back to this server');
    else if ('error' in reply) this.failed(reply.error);
    else this.answered();
  }
}
