/** What a kind of kernel object must declare about itself, so that diff, apply and dump never ask which kind it is. */

/** The declaration of one kind of kernel object; `T` is its type, told apart by `T['kind']`. */
export interface Kind<T extends { readonly kind: string }> {
  readonly kind: T['kind'];
  /** Unique among all objects of one namespace's state, and stable: `link eth0`, `route main 10.244.2.0/24`. */
  key(object: T): string;
  /** Kinds that must be in the kernel before this one, its own if objects of the kind need each other; removals go in reverse. */
  readonly after: readonly string[];
  /** Keys of the objects that the kernel must hold for this one to exist: they vanish or change only after it does. */
  needs(object: T): readonly string[];
  /** One or more lines of text, in the words of `ip` and `nft`, without handles, indexes or counters' values. */
  format(object: T): string;
  /** Whether the kernel's object is what was wanted; attributes that only matter at creation are left out. */
  equal(wanted: T, observed: T): boolean;
  /** Whether `replace` can turn one into the other in place; left out: always. Otherwise it is made anew with all that needs it. */
  replaceable?(wanted: T, observed: T): boolean;
  /** Its removal goes before all additions, because what comes may overlap it. */
  readonly removeFirst?: boolean;
  /** Whether podwire made it: by table name, route protocol number or link-name prefix. Others are never touched. */
  ours(object: T): boolean;
}

/** The object of the Kubernetes API (or of the agent) that wanted this: `Service default/web`, `Pod default/web-0`. */
export type Cause = string;

/** Route, rule and address protocol number of what podwire made (`rtm_protocol`; linux/rtnetlink.h leaves 98 free). */
export const PROTOCOL = 98;
/** Names of links that podwire made in a node begin so. */
export const LINK_PREFIX = 'pw';
/** The name of podwire's nftables tables; all services are in the one of family inet. */
export const TABLE = 'podwire';
