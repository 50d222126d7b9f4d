/** Policy routing rules between kernel objects and rtnetlink. */

import type { PolicyRule } from '../../kernel/net-objects.js';
import { Cidr } from '../../net/cidr.js';
import { type Family, Ip } from '../../net/ip.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../wire/netlink.js';
import * as wire from '../../wire/rtnetlink-rule.js';
import type { NetlinkSocket } from '../netlink-socket.js';
import { AF } from './addresses.js';

/** Throws NetlinkError: EEXIST when there is one like it. */
export function addRule(socket: NetlinkSocket, rule: PolicyRule): void {
  socket.request('add rule', wire.RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, w => wire.writeFibRule(w, encode(rule)));
}

/** Throws NetlinkError: ENOENT when there is none. */
export function deleteRule(socket: NetlinkSocket, rule: PolicyRule): void {
  // Whoever made it: protocol 0 matches all.
  socket.request('delete rule', wire.RTM_DELRULE, 0, w => wire.writeFibRule(w, { ...encode(rule), protocol: 0 }));
}

/** Rules that look up a table; others (blackhole, goto) are not ours to understand. */
export function readRules(socket: NetlinkSocket): PolicyRule[] {
  return ([4, 6] as const).flatMap(family =>
    socket
      .dump('get rules', wire.RTM_GETRULE, w => wire.writeFibRuleQuery(w, AF[family]))
      .flatMap(message => {
        const rule = wire.decodeFibRule(message);
        return rule?.action === wire.FR_ACT_TO_TBL ? decode(family, rule) : [];
      }),
  );
}

function encode(rule: PolicyRule): wire.FibRuleMessage {
  const { family, priority, table, protocol, from, to, mark, iif } = rule;
  return {
    family: AF[family],
    action: wire.FR_ACT_TO_TBL,
    table,
    priority,
    protocol,
    ...(from && { from: { address: from.ip.bytes, prefix: from.prefix } }),
    ...(to && { to: { address: to.ip.bytes, prefix: to.prefix } }),
    ...(mark && { mark: mark.value, mask: mark.mask }),
    ...(iif !== undefined && { iif }),
  };
}

function decode(family: Family, rule: wire.FibRuleMessage): PolicyRule {
  const { priority, table, protocol, from, to, mark, mask = 0xffffffff, iif } = rule;
  const cidr = (selector: wire.RuleSelector) => Cidr.containing(new Ip(selector.address.slice()), selector.prefix);
  return {
    kind: 'rule',
    family,
    priority,
    table,
    protocol,
    ...(from && { from: cidr(from) }),
    ...(to && { to: cidr(to) }),
    ...(mark !== undefined && { mark: { value: mark, mask } }),
    ...(iif !== undefined && { iif }),
  };
}
