/** Removes a lab, running or not. */

import { labConfig } from './config.js';
import { places } from './places.js';
import { requireRoot } from './preflight.js';
import { findRemains, isNothing, removeRemains } from './remains.js';

export async function down(name: string): Promise<{ existed: boolean; seconds: number }> {
  const begun = Date.now();
  requireRoot('podwire down');
  const at = places(labConfig({ name }).name);
  const existed = !isNothing(findRemains(at));
  if (existed) await removeRemains(at);
  return { existed, seconds: (Date.now() - begun) / 1000 };
}
