/** Resource quantities such as `500m` or `1Gi`: exact parsing, comparison and canonical text, as Kubernetes' resource.Quantity. */

/** An exact decimal: `value` × 10^-9 is the quantity. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: 'decimal' | 'binary' | 'exponent';
}

const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: readonly string[] = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const NANO = 1_000_000_000n;
/** Quantities are capped at 2^63 - 1, as upstream. */
const MAX = (2n ** 63n - 1n) * NANO;

/** Undefined for text that is no quantity. Fractions below 10^-9 round away from zero. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(String(text));
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match ?? [];
  if (!match || whole + fraction === '') return undefined;
  const power = exponent ? Number(exponent) : decimal ? (DECIMAL.indexOf(decimal) - 3) * 3 : 0;
  const multiplier = binary ? 1024n ** BigInt(BINARY.indexOf(binary)) : 1n;
  const shift = 9 + power - fraction.length;
  const digits = BigInt(whole + fraction) * multiplier;
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : ceilDivide(digits, 10n ** BigInt(-shift));
  const capped = magnitude > MAX ? MAX : magnitude;
  return { nano: sign === '-' ? -capped : capped, format: binary ? 'binary' : exponent ? 'exponent' : 'decimal' };
}

/** Negative, zero or positive, as for sort(). */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** The canonical text: no fraction, and the largest suffix that allows it. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const fractional = nano % NANO !== 0n;
  const small = nano > -1024n * NANO && nano < 1024n * NANO;
  if (format === 'binary' && !fractional && !small) {
    let value = nano / NANO;
    let step = 0;
    for (; value % 1024n === 0n && step < BINARY.length - 1; step++) value /= 1024n;
    return value + BINARY[step]!;
  }
  let value = nano;
  let step = 0;
  for (; value % 1000n === 0n && step < DECIMAL.length - 1; step++) value /= 1000n;
  if (format === 'exponent') return step === 3 ? String(value) : `${value}e${(step - 3) * 3}`;
  return value + DECIMAL[step]!;
}

/** `1024Mi` → `1Gi`; undefined for text that is no quantity. */
export function canonicalQuantity(text: string | number): string | undefined {
  const quantity = parseQuantity(text);
  return quantity && formatQuantity(quantity);
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
