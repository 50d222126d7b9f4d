/** From the change of a Pod to its headless Service's answer, under CoreDNS's name. */

import type { Cluster, ClusterEvent } from '../model/cluster.js';
import { text } from '../model/read.js';
import { exponential, Histogram } from '../report/histogram.js';
import { histogram } from '../report/metrics.js';
import { TriggerTimes } from './trigger-times.js';

export class DnsLatency {
  /** CoreDNS's bounds. */
  readonly #seconds = new Histogram(exponential(0.001, 2, 20));
  readonly #waiting = new TriggerTimes();

  /** A watch's word, before it is answered so. As in CoreDNS only endpoints that somebody dates count: of Pods behind a headless Service. */
  seen(event: ClusterEvent, { services }: Cluster): void {
    const { kind, metadata } = event.object;
    if (kind !== 'EndpointSlice') return;
    const service = services.get(
      `${metadata.namespace}/${text(event.object, 'metadata', 'labels', 'kubernetes.io/service-name')}`,
    );
    if (event.type === 'delete' || (service?.headless && service.object.spec?.selector)) this.#waiting.seen(event);
  }

  /** All that was seen is answered so. */
  published(): void {
    this.#waiting.settle(seconds => this.#seconds.observe(seconds));
  }

  text(): string {
    return histogram(
      'coredns_kubernetes_dns_programming_duration_seconds',
      'From the change of a Pod, as its EndpointSlice dates it in whole seconds, to the answer.',
      [[{ service_kind: 'headless_with_selector' }, this.#seconds]],
    );
  }
}
