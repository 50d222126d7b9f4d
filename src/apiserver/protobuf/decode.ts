/** Kubernetes objects from protobuf to their JSON form: what kubectl's typed clients send since 1.32. Knows the special messages; the rest is table. */

import { MESSAGES } from './messages.js';
import { readFields, readPacked, type WireField, type WireValue } from './reader.js';

type JsonObject = Record<string, unknown>;

/** Precedes the envelope (k8s.io/apimachinery/pkg/runtime/serializer/protobuf). */
const MAGIC = Buffer.from('k8s\0');

/** The object, or what is wrong with the bytes. */
export function decodeProtobuf(body: Uint8Array): { readonly object: JsonObject } | { readonly error: string } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return { error: 'it does not begin with the prefix of Kubernetes objects' };
  try {
    // runtime.Unknown: the type, and the object's own message.
    const envelope = readMessage(bytes.subarray(MAGIC.length));
    const { apiVersion, kind } = typeMeta(bytesOf(envelope, 1));
    const name = messageName(apiVersion, kind);
    const message = messages().get(name);
    if (!message) return { error: `${kind} of ${apiVersion} is not known in protobuf: send it as JSON` };
    return { object: { apiVersion, kind, ...decodeMessage(message, bytesOf(envelope, 2)) } };
  } catch (error) {
    if (error instanceof Malformed) return { error: 'it is cut off or damaged' };
    throw error;
  }
}

class Malformed extends Error {}

function typeMeta(bytes: Buffer): { apiVersion: string; kind: string } {
  const fields = readMessage(bytes);
  return { apiVersion: bytesOf(fields, 1).toString(), kind: bytesOf(fields, 2).toString() };
}

/** `apps/v1` Deployment is `apps.v1.Deployment`, `rbac.authorization.k8s.io/v1` Role is `rbac.v1.Role`. */
function messageName(apiVersion: string, kind: string): string {
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions';
  const [version, group = 'core'] = apiVersion.split('/').reverse();
  return `${group.split('.')[0]}.${version}.${kind}`;
}

interface Field {
  readonly name: string;
  readonly form: 'one' | 'repeated' | 'map';
  /** `''`, `#`, `?`, `%`, `.` as in the table, or a message's full name. */
  readonly type: string;
}

type Message = ReadonlyMap<number, Field>;

let table: ReadonlyMap<string, Message> | undefined;

/** Read when the first protobuf body comes: most processes never see one. */
function messages(): ReadonlyMap<string, Message> {
  return (table ??= new Map(MESSAGES.trim().split('\n').map(readLine)));
}

function readLine(line: string): [string, Message] {
  const [name, ...fields] = line.split(' ');
  const local = name!.slice(0, name!.lastIndexOf('.'));
  const message = fields.map((text): [number, Field] => {
    const [, field, number, form, mark] = /^(\w+)=(\d+)(\*|\{\})?(.*)$/.exec(text)!;
    const message = mark!.startsWith(':') ? mark!.slice(1) : undefined;
    const type = message === undefined ? mark! : message.includes('.') ? message : `${local}.${message}`;
    return [Number(number), { name: field!, form: form === '*' ? 'repeated' : form ? 'map' : 'one', type }];
  });
  return [name!, new Map(message)];
}

/** Members of the Go struct that JSON shows as fields of the struct around it. */
const INLINE = new Set([
  'volumeSource',
  'handler',
  'localObjectReference',
  'ephemeralContainerCommon',
  'ingressRuleValue',
]);

/** Numbers and booleans that are no pointers in Go: zero and false are written always, and mean that nothing was said. */
const UNSET_WHEN_ZERO = new Set(
  `generation minReadySeconds hostPort nodePort healthCheckNodePort initialDelaySeconds timeoutSeconds periodSeconds
  successThreshold failureThreshold stdin stdinOnce tty hostIPC hostPID hostNetwork paused readOnly publishNotReadyAddresses
  unschedulable globalDefault`.split(/\s+/),
);

function isUnset(name: string, value: unknown): boolean {
  return value === '' || value === undefined || ((value === 0 || value === false) && UNSET_WHEN_ZERO.has(name));
}

function decodeMessage(message: Message, bytes: Buffer): JsonObject {
  const entries = new Map<string, unknown>();
  for (const { number, value } of readMessage(bytes)) {
    const field = message.get(number);
    if (!field) continue;
    const decoded = field.form === 'map' ? mapEntry(field, value) : decodeValue(field.type, value);
    if (field.form === 'map') entries.set(field.name, [...((entries.get(field.name) ?? []) as unknown[]), decoded]);
    else if (field.form === 'repeated') {
      const items = field.type === '#' && value instanceof Buffer ? packed(value) : [decoded];
      entries.set(field.name, [...((entries.get(field.name) ?? []) as unknown[]), ...items]);
    } else if (INLINE.has(field.name))
      for (const [key, inner] of Object.entries(decoded as JsonObject)) entries.set(key, inner);
    else if (!isUnset(field.name, decoded)) entries.set(field.name, decoded);
  }
  for (const field of message.values()) {
    if (field.form === 'map' && entries.has(field.name))
      entries.set(field.name, Object.fromEntries(entries.get(field.name) as [string, unknown][]));
  }
  // `fromEntries` defines keys and assigns none, so `__proto__` is a key like others.
  return Object.fromEntries(entries);
}

function decodeValue(type: string, value: WireValue): unknown {
  const special = SPECIAL[type];
  if (special) return special(expectBytes(value));
  switch (type) {
    case '':
      return expectBytes(value).toString();
    case '%':
      return expectBytes(value).toString('base64');
    case '.':
      return expectBytes(value).readDoubleLE(0);
    case '#':
      return Number(expectVarint(value));
    case '?':
      return expectVarint(value) !== 0n;
    default: {
      const message = messages().get(type);
      if (!message) throw new Malformed();
      return decodeMessage(message, expectBytes(value));
    }
  }
}

/** Messages whose JSON is not an object of their fields. */
const SPECIAL: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  'resource.Quantity': bytes => bytesOf(readMessage(bytes), 1).toString(),
  'meta.v1.Time': bytes => time(bytes, 0),
  'meta.v1.MicroTime': bytes => time(bytes, 6),
  'meta.v1.FieldsV1': bytes => embedded(bytes),
  'runtime.RawExtension': bytes => embedded(bytes),
  'authentication.v1.ExtraValue': bytes => strings(bytes),
  'authorization.v1.ExtraValue': bytes => strings(bytes),
  'intstr.IntOrString': bytes => {
    const fields = readMessage(bytes);
    return numberOf(fields, 1) === 1 ? bytesOf(fields, 3).toString() : numberOf(fields, 2);
  },
};

/** Seconds since 1970 and nanoseconds; the zero time has neither. */
function time(bytes: Buffer, digits: 0 | 6): string | undefined {
  const fields = readMessage(bytes);
  const millis = numberOf(fields, 1) * 1000;
  if (bytes.length === 0 || !(Math.abs(millis) <= 8.64e15)) return undefined;
  const fraction = String(numberOf(fields, 2)).padStart(9, '0').slice(0, digits);
  return `${new Date(millis).toISOString().slice(0, 19)}${digits ? `.${fraction}` : ''}Z`;
}

function embedded(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytesOf(readMessage(bytes), 1).toString());
  } catch {
    throw new Malformed();
  }
}

function strings(bytes: Buffer): string[] {
  return readMessage(bytes).map(({ value }) => expectBytes(value).toString());
}

/** A map's entry is a message of key and value. */
function mapEntry(field: Field, value: WireValue): [string, unknown] {
  const fields = readMessage(expectBytes(value));
  const inner = fields.find(({ number }) => number === 2)?.value ?? Buffer.alloc(0);
  return [bytesOf(fields, 1).toString(), decodeValue(field.type, inner)];
}

function packed(value: Buffer): number[] {
  const values = readPacked(value);
  if (!values) throw new Malformed();
  return values.map(Number);
}

function readMessage(bytes: Buffer): WireField[] {
  const fields = readFields(bytes);
  if (!fields) throw new Malformed();
  return fields;
}

function bytesOf(fields: readonly WireField[], number: number): Buffer {
  const value = fields.findLast(field => field.number === number)?.value ?? Buffer.alloc(0);
  return expectBytes(value);
}

function numberOf(fields: readonly WireField[], number: number): number {
  return Number(expectVarint(fields.findLast(field => field.number === number)?.value ?? 0n));
}

function expectBytes(value: WireValue): Buffer {
  if (typeof value === 'bigint') throw new Malformed();
  return value;
}

function expectVarint(value: WireValue): bigint {
  if (typeof value !== 'bigint') throw new Malformed();
  return value;
}
