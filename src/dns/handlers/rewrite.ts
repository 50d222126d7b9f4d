/** Names that the configuration has answered as others: the first rule that fits says which. The chain gives the names back. */

import { RCODE } from '../../wire/dns.js';
import { isName, isWithin, type Name } from '../../wire/dns-name.js';
import { failure, type Handler, positive } from '../answer.js';
import type { Rewrite } from '../config.js';

export const rewrite: Handler = {
  name: 'rewrite',
  answer(view, { name }) {
    const rule = view.config.rewrite.find(rule => (rule.suffix ? isWithin(name, rule.name) : name === rule.name));
    if (!rule) return undefined;
    const instead = rewritten(name, rule);
    if (!isName(instead)) return failure(RCODE.SERVFAIL, `what ${name} is rewritten to is too long for a name`);
    return { ...positive([], `rewritten to ${instead}`), instead };
  },
};

function rewritten(name: Name, rule: Rewrite): Name {
  return name.slice(0, name.length - rule.name.length) + rule.to;
}
