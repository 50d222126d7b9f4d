/** The grammars of Kubernetes' names, with the messages its API server gives. Each check returns what is wrong, empty when nothing is. */
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';

export type Check = (value: string) => string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const START_AND_END = 'and must start and end with an alphanumeric character';
const NAME_RULE = `must consist of alphanumeric characters, '-', '_' or '.', ${START_AND_END}`;

/** RFC 1123 label of lower case, at most 63 characters. */
export const dnsLabel: Check = grammar(
  LABEL,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${START_AND_END}`,
  63,
  'my-name',
  '123-abc',
);

/** RFC 1123 subdomain of lower case, at most 253 characters. */
export const dnsSubdomain: Check = grammar(
  SUBDOMAIN,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${START_AND_END}`,
  253,
  'example.com',
);

/** RFC 1035 label: begins with a letter. The grammar of Service names. */
export const dns1035Label: Check = grammar(
  LABEL_1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  63,
  'my-name',
  'abc-123',
);

export const wildcardSubdomain: Check = grammar(
  `\\*\\.${SUBDOMAIN}`,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  253,
  '*.example.com',
);

export const labelValue: Check = grammar(
  `(${NAME})?`,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${START_AND_END}`,
  63,
  'MyValue',
  'my_value',
  '12345',
);

const namePart: Check = grammar(NAME, NAME_RULE, 63, 'MyName', 'my.name', '123-abc');

/** A label or annotation key: a name of at most 63 characters, with a DNS subdomain and `/` before it or not. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2) {
    const rule = example(`a qualified name ${NAME_RULE}`, NAME, ['MyName', 'my.name', '123-abc']);
    return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.pop()!;
  const prefix = parts.pop();
  const errors = prefix === undefined ? [] : prefix ? dnsSubdomain(prefix) : ['must be non-empty'];
  const nameErrors = name ? namePart(name) : ['must be non-empty', ...namePart(name)];
  return [...errors.map(error => `prefix part ${error}`), ...nameErrors.map(error => `name part ${error}`)];
}

const configKeyGrammar = grammar(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  253,
  'key.name',
  'KEY_NAME',
  'key-name',
);

/** A key of a ConfigMap or Secret: it becomes a file's name. */
export function configKey(value: string): string[] {
  const errors = configKeyGrammar(value);
  if (value === '.') errors.push("must not be '.'");
  else if (value === '..') errors.push("must not be '..'");
  else if (value.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

export function envName(value: string): string[] {
  if (!value) return ['environment variable name must be non-empty'];
  if (/^[\x20-\x3c\x3e-\x7e]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** IANA service name, RFC 6335 §5.1: the name of a container's port. */
export function portName(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (/^-|-$/.test(value)) errors.push('must not begin or end with a hyphen');
  return errors;
}

export function portNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

export function ipAddress(value: string): string[] {
  return Ip.parse(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** Host bits may be set, as the API has always allowed. */
export function cidr(value: string): string[] {
  return Cidr.parse(value, { mask: true }) ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

/** What may stand as one segment of a URL path: the grammar of RBAC's names. */
export function pathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter(char => value.includes(char)).map(char => `may not contain '${char}'`);
}

function grammar(pattern: string, rule: string, max: number, ...examples: string[]): Check {
  const regex = new RegExp(`^(?:${pattern})$`);
  return value => {
    const errors: string[] = [];
    if (value.length > max) errors.push(`must be no more than ${max} characters`);
    if (!regex.test(value)) errors.push(example(rule, pattern, examples));
    return errors;
  };
}

function example(rule: string, pattern: string, examples: readonly string[]): string {
  return `${rule} (e.g. ${examples.map(text => `'${text}', `).join(' or ')}regex used for validation is '${pattern}')`;
}
