/** Parts that the policies of both APIs share, read from objects that nobody may have validated. What is not understood becomes a problem. */

import { Cidr } from '../net/cidr.js';
import type { LabelSelector } from '../objects/meta.js';
import type { Peer, PortMatch } from './policy.js';
import { type Problem, problem } from './problem.js';
import { list, portNumber, text, texts } from './read.js';

/** Selects nothing, whatever the labels: no value is one of none. */
export const NOTHING: LabelSelector = { matchExpressions: [{ key: 'podwire', operator: 'In', values: [] }] };

const OPERATORS: readonly unknown[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Each method gives undefined for what it does not understand, and remembers that. */
export class PolicyFields {
  readonly problems: Problem[] = [];

  /** `key`: the policy's. */
  constructor(private readonly key: string) {}

  notUnderstood(path: string): undefined {
    this.problems.push(problem(this.key, 'PW-P501', { path }));
  }

  /** Left out it is empty, which selects everything. */
  selector(path: string, value: unknown = {}): LabelSelector | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.notUnderstood(path);
    const { matchLabels = {}, matchExpressions = [] } = value as { matchLabels?: unknown; matchExpressions?: unknown };
    const areLabels =
      typeof matchLabels === 'object' && matchLabels !== null && Object.values(matchLabels).every(isText);
    const areExpressions = Array.isArray(matchExpressions) && matchExpressions.every(isExpression);
    return areLabels && areExpressions ? (value as LabelSelector) : this.notUnderstood(path);
  }

  /** `except` is never more than the block. */
  network(path: string, cidr: unknown, excepted: readonly unknown[] = []): Peer | undefined {
    const block = typeof cidr === 'string' ? Cidr.parse(cidr, { mask: true }) : undefined;
    const except = excepted.map(one => (typeof one === 'string' ? Cidr.parse(one, { mask: true }) : undefined));
    if (!block || !except.every(one => one !== undefined)) return this.notUnderstood(path);
    if (except.some(one => one.contains(block))) this.problems.push(problem(this.key, 'PW-P511', { path }));
    return { kind: 'network', cidr: block, except };
  }

  /** `from` alone is that port. */
  range(path: string, from: unknown, to: unknown = from): PortMatch['port'] | undefined {
    const [first, last] = [portNumber(from), portNumber(to)];
    return first && last && first <= last ? { from: first, to: last } : this.notUnderstood(path);
  }
}

function isExpression(value: unknown): boolean {
  const operator = text(value, 'operator');
  const values = texts(value, 'values');
  const needsValues = operator === 'In' || operator === 'NotIn';
  return (
    text(value, 'key') !== undefined &&
    OPERATORS.includes(operator) &&
    values.length === list(value, 'values').length &&
    values.length > 0 === needsValues
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
