/** `podwire dns`: what the name servers of the lab's nodes answer, and why. */

import { dnsQuery } from './dns-query.js';
import { dnsTail } from './dns-tail.js';
import type { Declare } from './options.js';

export const dns: Declare = program => {
  const group = program.command('dns').description('follow a name to its answer, or watch questions as they come');
  dnsQuery(group);
  dnsTail(group);
};
