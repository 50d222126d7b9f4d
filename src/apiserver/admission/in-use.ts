/** Which cluster IPs and node ports the stored Services hold. An index over the store that never lags; decides nothing. */

import type { Service } from '../../objects/kinds.js';
import type { Collection } from '../store/collection.js';
import type { Entry } from '../store/entry.js';

/** What is held, and by which object's key. */
class InUse {
  readonly #holders = new Map<string, string>();

  constructor(services: Collection, holds: (service: Service) => readonly string[]) {
    const of = (entry: Entry) => holds(entry.object as unknown as Service);
    services.observe(({ type, entry, previous }) => {
      for (const item of previous ? of(previous) : []) {
        if (this.#holders.get(item) === entry.key) this.#holders.delete(item);
      }
      if (type === 'DELETED') return;
      for (const item of of(entry)) this.#holders.set(item, entry.key);
    });
  }

  /** Whether another than `key` holds it. */
  protected takenFrom(item: string, key: string): boolean {
    const holder = this.#holders.get(item);
    return holder !== undefined && holder !== key;
  }
}

const keyOf = ({ metadata }: Service) => `/services/${metadata.namespace}/${metadata.name}`;

export class AddressesInUse extends InUse {
  constructor(services: Collection) {
    super(services, ({ spec }) => (spec.clusterIPs ?? []).filter(ip => ip !== 'None'));
  }

  /** Whether another Service than this holds it; `ip` in canonical text. */
  taken(ip: string, service: Service): boolean {
    return this.takenFrom(ip, keyOf(service));
  }
}

/** A number is held for all protocols at once: another Service's UDP port of the same number would be easily mistaken for it. */
export class PortsInUse extends InUse {
  constructor(services: Collection) {
    super(services, ({ spec }) =>
      [...(spec.ports ?? []).map(port => port.nodePort), spec.healthCheckNodePort].flatMap(port =>
        port ? [String(port)] : [],
      ),
    );
  }

  taken(port: number, service: Service): boolean {
    return this.takenFrom(String(port), keyOf(service));
  }
}
