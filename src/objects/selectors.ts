/** Label selectors, as objects and as text, and field selectors. Knows labels as plain string maps. */
import type { LabelSelector } from './meta.js';
import { labelValue, qualifiedName } from './names.js';

export type Labels = Readonly<Record<string, string>>;

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** All requirements must hold; without any, everything matches. */
export class Selector {
  constructor(readonly requirements: readonly Requirement[]) {}

  matches(labels: Labels = {}): boolean {
    return this.requirements.every(requirement => holds(requirement, labels));
  }

  /** The text form, which `parseLabelSelector` reads back. */
  toString(): string {
    return this.requirements.map(format).join(',');
  }
}

/** Matches nothing: what an absent selector means. */
export const NOTHING: { matches(labels?: Labels): boolean } = { matches: () => false };

/** What a LabelSelector of the API selects. Absent selects nothing, empty selects everything (metav1.LabelSelectorAsSelector). */
export function labelSelector(selector: LabelSelector | undefined): (labels?: Labels) => boolean {
  if (!selector) return NOTHING.matches;
  const compiled = new Selector(requirementsOf(selector));
  return labels => compiled.matches(labels);
}

export function requirementsOf(selector: LabelSelector): Requirement[] {
  const equals = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: 'In' as const,
    values: [value],
  }));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => ({
    key,
    operator: operator as Operator,
    values,
  }));
  return [...equals, ...expressions];
}

/** Do all of `selector`'s labels stand in `labels`? An absent or empty selector matches nothing, as in a Service. */
export function selectsAll(selector: Labels | undefined, labels: Labels = {}): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

const INTEGER = /^[+-]?\d+$/;

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key]! : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      if (value === undefined || !INTEGER.test(value)) return false;
      return operator === 'Gt' ? BigInt(value) > BigInt(values[0]!) : BigInt(value) < BigInt(values[0]!);
    }
    default:
      // An operator we do not know selects nothing: validation refuses it, and policy must not widen.
      return false;
  }
}

function format({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort().join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort().join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return `${key}${operator === 'Gt' ? '>' : '<'}${values[0]}`;
  }
}

/** The text form of a LabelSelector, as a scale's status gives it. */
export function formatLabelSelector(selector: LabelSelector): string {
  return new Selector(requirementsOf(selector)).toString();
}

/** Reads `a=b,c in (d,e),!f,g>1`. */
export function parseLabelSelector(text: string): Selector | { readonly error: string } {
  try {
    return new Selector(new Parser(text).parse());
  } catch (error) {
    if (error instanceof SelectorError) return { error: `unable to parse requirement: ${error.message}` };
    throw error;
  }
}

class SelectorError extends Error {}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  in: 'In',
  notin: 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
};

/** Recursive descent over the tokens of one selector. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(/[(),]|!=|!|==|=|>|<|[^\s(),!=<>]+/g) ?? [];
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#peek() !== undefined) {
      requirements.push(this.#requirement());
      if (this.#peek() === undefined) break;
      this.#expect(',');
      if (this.#peek() === undefined) this.#fail("identifier after ','");
    }
    return requirements;
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#at++;
      return { key: this.#key(), operator: 'DoesNotExist', values: [] };
    }
    const key = this.#key();
    const token = this.#peek();
    if (token === undefined || token === ',') return { key, operator: 'Exists', values: [] };
    const operator = Object.hasOwn(OPERATORS, token) ? OPERATORS[token]! : this.#fail('in, notin, =, ==, !=, gt, lt');
    this.#at++;
    if (token === 'in' || token === 'notin') return { key, operator, values: this.#set() };
    if (operator === 'Gt' || operator === 'Lt') return { key, operator, values: [this.#integer()] };
    return { key, operator, values: [this.#value()] };
  }

  #set(): string[] {
    this.#expect('(');
    const values = [this.#value()];
    while (this.#peek() === ',') {
      this.#at++;
      values.push(this.#value());
    }
    this.#expect(')');
    return values;
  }

  #key(): string {
    return checked(this.#word() ?? this.#fail("!, identifier, or ','"), qualifiedName, 'key');
  }

  /** May be empty: `a=` and `a in (b,)` ask for the empty value. */
  #value(): string {
    return checked(this.#word() ?? '', labelValue, 'values');
  }

  #integer(): string {
    const word = this.#peek();
    return word && INTEGER.test(word) ? this.#word()! : this.#fail('an integer');
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #word(): string | undefined {
    const token = this.#peek();
    return token === undefined || /^[(),!=<>]/.test(token) ? undefined : this.#tokens[this.#at++];
  }

  #expect(token: string): void {
    if (this.#peek() !== token) this.#fail(`'${token}'`);
    this.#at++;
  }

  #fail(expected: string): never {
    throw new SelectorError(`found '${this.#peek() ?? ''}', expected: ${expected}`);
  }
}

function checked(text: string, check: (value: string) => string[], what: string): string {
  const [error] = check(text);
  if (error) throw new SelectorError(`${what}: Invalid value: ${JSON.stringify(text)}: ${error}`);
  return text;
}
