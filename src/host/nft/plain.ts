/** Statements that are one instruction and touch no data register, both ways. */

import type { Statement } from '../../kernel/nft-objects.js';
import type { NftExpression } from '../../wire/nftables-expression.js';
import * as nft from '../../wire/nftables-expression.js';

type PlainWord = 'masquerade' | 'reject' | 'counter' | 'notrack' | 'log' | 'limit';
type PlainStatement = Extract<Statement, { readonly [W in PlainWord]: Record<W, unknown> }[PlainWord]>;

const REJECTS = {
  'port-unreachable': { type: nft.NFT_REJECT_ICMPX_UNREACH, code: nft.NFT_REJECT_ICMPX_PORT_UNREACH },
  'admin-prohibited': { type: nft.NFT_REJECT_ICMPX_UNREACH, code: nft.NFT_REJECT_ICMPX_ADMIN_PROHIBITED },
  'tcp-reset': { type: nft.NFT_REJECT_TCP_RST, code: 0 },
} as const;

/** Seconds. */
const LIMIT_UNITS = { second: 1, minute: 60 } as const;

export function encodePlain(statement: PlainStatement): NftExpression {
  if ('masquerade' in statement)
    return { name: 'masq', ...(statement.fullyRandom && { flags: nft.NF_NAT_RANGE_PROTO_RANDOM_FULLY }) };
  if ('reject' in statement) return { name: 'reject', ...REJECTS[statement.reject] };
  if ('counter' in statement) return { name: 'counter' };
  if ('notrack' in statement) return { name: 'notrack' };
  if ('log' in statement) {
    const { log: prefix, group } = statement;
    return { name: 'log', ...(group !== undefined && { group }), ...(prefix && { prefix }) };
  }
  const { rate, per, burst } = statement.limit;
  return { name: 'limit', rate, unit: LIMIT_UNITS[per], burst, type: 0, flags: 0 };
}

/** Undefined for what our vocabulary has no word for. */
export function decodePlain(expression: NftExpression): PlainStatement | undefined {
  switch (expression.name) {
    case 'counter':
      return { counter: true };
    case 'notrack':
      return { notrack: true };
    case 'masq': {
      const random = ((expression.flags ?? 0) & nft.NF_NAT_RANGE_PROTO_RANDOM_FULLY) !== 0;
      return { masquerade: true, ...(random && { fullyRandom: true }) };
    }
    case 'log': {
      const { prefix = '', group } = expression;
      return { log: prefix, ...(group !== undefined && { group }) };
    }
    case 'reject': {
      const { type, code = 0 } = expression;
      const reject = keyOf(REJECTS, one => one.type === type && one.code === code);
      return reject && { reject };
    }
    case 'limit': {
      const { rate = 0, unit, burst = 0, type, flags } = expression;
      const per = keyOf(LIMIT_UNITS, seconds => seconds === unit);
      return per && !type && !flags ? { limit: { rate, per, burst } } : undefined;
    }
    default:
      return undefined;
  }
}

function keyOf<K extends string, V>(table: Readonly<Record<K, V>>, is: (value: V) => boolean): K | undefined {
  return (Object.keys(table) as K[]).find(name => is(table[name]));
}
