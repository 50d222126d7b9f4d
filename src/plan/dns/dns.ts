/** The cluster's DNS addresses on this node, where the agent answers itself: no Service rule stands between a Pod and its name server. */

import type { Feature } from '../feature.js';
import { survival } from './survival.js';

const addresses: Feature = {
  name: 'dns',
  per: 'Self',
  plan: settings =>
    settings.dnsAddresses.map(ip => ({
      kind: 'address',
      link: 'lo',
      ip,
      prefix: ip.bytes.length * 8,
      nodad: true,
      cause: 'dns',
    })),
};

export const dns: readonly Feature[] = [addresses, survival];
