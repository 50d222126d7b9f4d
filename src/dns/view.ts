/** What the handlers read: the smallest view of a cluster that answers questions. */

import type { Cidr } from '../net/cidr.js';
import type { ResourceRecord } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import type { RecordType } from '../wire/dns-records.js';
import type { DnsConfig } from './config.js';
import type { SearchPath } from './search-path.js';

export interface DnsView {
  /** The cluster domain as a key: `cluster.local.`. */
  readonly domain: Name;
  readonly config: DnsConfig;
  /** Pod and Service ranges: reverse names in them are the cluster's alone and never asked upstream. */
  readonly ranges: readonly Cidr[];
  /** False until every Service was seen once: nothing can be said not to exist before. */
  readonly synced: boolean;
  /** Of the Pod that has the address; undefined when there is none that has a path. */
  searchPath(client: string): SearchPath | undefined;
  /** Also of a name that only has names below it (RFC 8020). */
  exists(name: Name): boolean;
  /** What is said of the name for that type; with SRV records come their targets' addresses, under the targets' names. */
  records(name: Name, type: RecordType): readonly ResourceRecord[];
}
