/** Services: their cluster IPs, IP families and node ports, given out and taken back. Knows the rules; addresses.ts and node-ports.ts know what is free. */

import type { Service } from '../../objects/kinds.js';
import { type KubeObject, resources } from '../../objects/resources.js';
import type { Resource } from '../api.js';
import type { ClusterConfig } from '../cluster-config.js';
import { type Cause, invalid } from '../status.js';
import type { Store } from '../store/store.js';
import { type Admitter, isCore } from './admission.js';
import { AddressesInUse, PortsInUse } from './in-use.js';
import { assignAddresses } from './service-families.js';
import { assignNodePorts } from './service-node-ports.js';

export class Services implements Admitter {
  readonly #addresses: AddressesInUse;
  readonly #ports: PortsInUse;

  constructor(
    store: Store,
    private readonly config: ClusterConfig,
  ) {
    const services = store.collection('services');
    this.#addresses = new AddressesInUse(services);
    this.#ports = new PortsInUse(services);
  }

  concerns(resource: Resource): boolean {
    return isCore(resource, 'services');
  }

  create(object: KubeObject): KubeObject {
    return this.#assign(object, undefined);
  }

  update(object: KubeObject, old: KubeObject, _resource: Resource, subresource?: string): KubeObject {
    return subresource ? object : this.#assign(object, old);
  }

  /** Nothing is reserved here: what a Service holds is what the store says it holds. */
  #assign(object: KubeObject, old: KubeObject | undefined): KubeObject {
    const [service, before] = [object as unknown as Service, old as unknown as Service | undefined];
    const causes: Cause[] = [];
    let spec = assignAddresses(service, before, this.#addresses, this.config.serviceCidrs, causes);
    spec = assignNodePorts({ ...service, spec }, this.#ports, this.config.nodePorts, causes);
    if (causes.length > 0) throw invalid('', resources.services.kind, object.metadata.name, causes);
    return { ...object, spec };
  }
}
