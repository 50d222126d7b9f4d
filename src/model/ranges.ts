/** The cluster's address ranges, as its administrator configured them: which addresses a Service may have. */

import type { Cidr } from '../net/cidr.js';

export interface Ranges {
  readonly serviceCidrs: readonly Cidr[];
  /** The whole cluster's, of which each node has a part. */
  readonly podCidrs?: readonly Cidr[];
  /**
   * Where spec.externalIPs may lie; none by default: whoever may write a Service could otherwise take any address's
   * traffic for himself (CVE-2020-8554).
   */
  readonly externalIPs?: readonly Cidr[];
}

/** What no Service may take although no range says so: addresses that belong to somebody, by their texts. */
export interface Owned {
  has(address: string): boolean;
}
