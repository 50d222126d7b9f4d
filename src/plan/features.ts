/** The features of a node's plan. Their order is the order in which a reader meets them; the kernel's order is the reconciler's. */

import { base } from './base/base.js';
import { dns } from './dns/dns.js';
import type { Feature } from './feature.js';
import { masquerade } from './masquerade/masquerade.js';
import { overlay } from './overlay/overlay.js';
import { pods } from './pods/pods.js';
import { policy } from './policy/policy.js';
import { routes } from './routes/routes.js';
import { services } from './services/services.js';

export const FEATURES: readonly Feature[] = [
  base,
  ...dns,
  ...pods,
  ...routes,
  ...overlay,
  ...masquerade,
  ...services,
  ...policy,
];
