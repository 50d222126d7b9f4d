/** Untrusted values read as what they should be. The first that is something else is remembered with its path; nothing is thrown. */

import { Ip } from '../net/ip.js';
import { isName, type Name } from '../wire/dns-name.js';
import { parseUpstream, type Upstream } from './upstream.js';

/** Every method gives a value of its type, also where there is none: `problem` tells. */
export class Fields {
  /** `zones.example.com.upstreams[1]: '10.0.0.256' is no address`. */
  problem: string | undefined;

  fail(path: string, what: string): void {
    this.problem ??= path ? `${path}: ${what}` : what;
  }

  /** With none but these keys. */
  object<K extends string>(path: string, given: unknown, keys: readonly K[]): { readonly [key in K]?: unknown } {
    const found: { [key in K]?: unknown } = {};
    for (const [key, value] of this.#entries(path, given)) {
      const known = keys.find(other => other === key);
      if (known !== undefined) found[known] = value ?? undefined;
      else this.fail(path ? `${path}.${key}` : key, `is no setting; known are ${keys.join(', ')}`);
    }
    return found;
  }

  /** An object whose keys are values, too. */
  map<K, V>(
    path: string,
    given: unknown,
    key: (path: string, text: string) => K,
    value: (path: string, given: unknown) => V,
  ): ReadonlyMap<K, V> {
    const entries = this.#entries(path, given).map(([name, own]) => {
      const at = `${path}.${name}`;
      return [key(at, name), value(at, own)] as const;
    });
    const found = new Map(entries);
    if (found.size < entries.length) this.fail(path, 'a name stands there twice');
    return found;
  }

  list<T>(path: string, given: unknown, element: (path: string, given: unknown) => T): readonly T[] {
    if (!Array.isArray(given)) this.fail(path, 'is no list');
    return Array.isArray(given) ? given.map((one, i) => element(`${path}[${i}]`, one)) : [];
  }

  /** Written with or without the dot at its end; as a key. */
  name(path: string, given: unknown): Name {
    const text = typeof given === 'string' ? given.toLowerCase() : '';
    const name = text.endsWith('.') ? text : `${text}.`;
    if (name === '.' || !isName(name)) this.#not(path, given, 'domain name');
    return name;
  }

  ip(path: string, given: unknown): Ip {
    const ip = typeof given === 'string' ? Ip.parse(given) : undefined;
    return ip ?? this.#not(path, given, 'address') ?? Ip.of('0.0.0.0');
  }

  upstream(path: string, given: string): Upstream {
    return (
      parseUpstream(given) ?? this.#not(path, given, 'address or address#port') ?? { ip: Ip.of('0.0.0.0'), port: 0 }
    );
  }

  integer(path: string, given: unknown, least: number, most: number): number {
    const fits = typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most;
    if (!fits) this.#not(path, given, `number from ${least} to ${most}`);
    return fits ? given : least;
  }

  boolean(path: string, given: unknown): boolean {
    if (typeof given !== 'boolean') this.fail(path, 'is neither true nor false');
    return given === true;
  }

  #entries(path: string, given: unknown): [string, unknown][] {
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) return Object.entries(given);
    this.fail(path, path ? 'has no fields' : 'it is no mapping of settings to values');
    return [];
  }

  #not(path: string, given: unknown, what: string): undefined {
    const shown = typeof given === 'string' || typeof given === 'number' ? `'${String(given).slice(0, 80)}'` : 'this';
    this.fail(path, given === undefined ? `is missing, it must be ${article(what)}` : `${shown} is no ${what}`);
  }
}

function article(what: string): string {
  return `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`;
}
