/** One line per event on stderr, for people and for tools. Knows no destination but stderr and keeps nothing. */

export type Level = 'debug' | 'info' | 'warn' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A logger whose lines begin with `component`, which is the folder's name. PODWIRE_LOG sets the least level shown (default info). */
export function logger(component: string): Logger {
  const least = LEVELS.indexOf((process.env.PODWIRE_LOG as Level | undefined) ?? 'info');
  const at =
    (level: Level) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      if (LEVELS.indexOf(level) < least) return;
      const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${text(value)}`);
      process.stderr.write(`${new Date().toISOString()} ${level.padEnd(5)} ${component}: ${message}${rest.join('')}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function text(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === 'string' && /^[\w./:@%+-]+$/.test(value) ? value : (JSON.stringify(value) ?? 'undefined');
}
