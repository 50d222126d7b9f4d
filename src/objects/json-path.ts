/** The simple JSONPaths of CRDs and scales: fields, indexes, `[*]` and `[?(@.type=="Ready")]`. */
import { isObject, own } from './json.js';

/** Every value that the path finds; none when the path is not understood. */
export function jsonPath(path: string, root: unknown): unknown[] {
  const steps = parse(path);
  return steps ? steps.reduce<unknown[]>((values, step) => values.flatMap(step), [root]) : [];
}

type Step = (value: unknown) => unknown[];

const TOKEN =
  /\.?\[\?\(@((?:\.\w[\w-]*)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(true|false|-?\d+))\)\]|\.?\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)|(\*))\]|\.(\*)|\.?((?:[^.[\]\\]|\\.)+)/y;

const compiled = new Map<string, Step[] | undefined>();

function parse(path: string): Step[] | undefined {
  if (!compiled.has(path)) compiled.set(path, parseSteps(path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '')));
  return compiled.get(path);
}

function parseSteps(path: string): Step[] | undefined {
  const steps: Step[] = [];
  for (let at = 0; at < path.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(path);
    if (!match) return undefined;
    at = TOKEN.lastIndex;
    const [, inner, operator, double, single, bare, quoted, quoted2, index, star, dotStar, name] = match;
    if (inner !== undefined) steps.push(filter(inner, operator === '==', double ?? single ?? bare!));
    else if (index !== undefined)
      steps.push(value => (Array.isArray(value) ? value.slice(Number(index)).slice(0, 1) : []));
    else if (star || dotStar)
      steps.push(value => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []));
    else steps.push(field((quoted ?? quoted2 ?? name)!.replace(/\\(.)/g, '$1')));
  }
  return steps;
}

const field =
  (name: string): Step =>
  value => {
    const found = isObject(value) ? own(value, name) : undefined;
    return found === undefined ? [] : [found];
  };

function filter(path: string, equal: boolean, wanted: string): Step {
  const inner = path.slice(1).split('.').map(field);
  const matches = (item: unknown) => {
    const [found] = inner.reduce<unknown[]>((values, step) => values.flatMap(step), [item]);
    return found !== undefined && (String(found) === wanted) === equal;
  };
  return value => (Array.isArray(value) ? value.filter(matches) : []);
}
