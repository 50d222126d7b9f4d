/** rtnetlink messages about policy routing rules (linux/fib_rules.h). */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, type Writer } from './netlink-attributes.js';
import { defined } from './rtnetlink-link.js';

export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;

export const FR_ACT_TO_TBL = 1;

const FIB_RULE_HDR = 12;
const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_PROTOCOL = 21;

export interface RuleSelector {
  readonly address: Uint8Array;
  readonly prefix: number;
}

export interface FibRuleMessage {
  readonly family: number;
  /** FR_ACT_* */
  readonly action: number;
  readonly table: number;
  readonly priority: number;
  readonly protocol: number;
  readonly from?: RuleSelector;
  readonly to?: RuleSelector;
  readonly mark?: number;
  readonly mask?: number;
  readonly iif?: string;
}

export function writeFibRule(w: Writer, rule: FibRuleMessage): void {
  const { family, action, table, priority, protocol, from, to, mark, mask, iif } = rule;
  w.u8(family)
    .u8(to?.prefix ?? 0)
    .u8(from?.prefix ?? 0)
    .u8(0);
  w.u8(table < 256 ? table : 252)
    .u8(0)
    .u8(0)
    .u8(action)
    .u32(0);
  w.u32Attr(FRA_PRIORITY, priority).u32Attr(FRA_TABLE, table).u8Attr(FRA_PROTOCOL, protocol);
  if (from) w.bytesAttr(FRA_SRC, from.address);
  if (to) w.bytesAttr(FRA_DST, to.address);
  if (mark !== undefined) w.u32Attr(FRA_FWMARK, mark);
  if (mask !== undefined) w.u32Attr(FRA_FWMASK, mask);
  if (iif !== undefined) w.textAttr(FRA_IIFNAME, iif);
}

/** A request for all rules of a family. */
export function writeFibRuleQuery(w: Writer, family: number): void {
  w.u8(family).reserve(FIB_RULE_HDR - 1);
}

export function decodeFibRule({ payload }: NetlinkMessage): FibRuleMessage | undefined {
  if (payload.length < FIB_RULE_HDR) return undefined;
  const attributes = new Attributes(payload.subarray(FIB_RULE_HDR));
  const selector = (type: number, prefix: number) => {
    const address = attributes.get(type);
    return address && { address, prefix };
  };
  return defined({
    family: payload[0]!,
    action: payload[7]!,
    table: attributes.u32(FRA_TABLE) ?? payload[4]!,
    priority: attributes.u32(FRA_PRIORITY) ?? 0,
    protocol: attributes.u8(FRA_PROTOCOL) ?? 0,
    from: selector(FRA_SRC, payload[2]!),
    to: selector(FRA_DST, payload[1]!),
    mark: attributes.u32(FRA_FWMARK),
    mask: attributes.u32(FRA_FWMASK),
    iif: attributes.text(FRA_IIFNAME),
  });
}

/** `family 2 priority 100 table 254 action 1 protocol 98` */
export function formatFibRule({ family, priority, table, action, protocol }: FibRuleMessage): string {
  return `family ${family} priority ${priority} table ${table} action ${action} protocol ${protocol}`;
}
