/** Columns of custom resources, as their CRD's additionalPrinterColumns describe them. */
import type { CustomResourceColumn } from '../custom-resource-definition.js';
import { jsonPath } from '../json-path.js';
import { age } from '../time.js';
import { AGE, type Cell, type Column, NAME } from './column.js';

/** Without any of its own, a custom resource shows its age. */
export function customColumns(columns: readonly CustomResourceColumn[]): readonly Column[] {
  return columns.length > 0 ? [NAME, ...columns.map(columnOf)] : [NAME, AGE];
}

function columnOf({
  name,
  type,
  format = '',
  description = '',
  priority = 0,
  jsonPath: path,
}: CustomResourceColumn): Column {
  return {
    name,
    type: type as Column['type'],
    format,
    description,
    priority,
    cell: (object, now) => cellOf(type, jsonPath(path, object)[0], now),
  };
}

function cellOf(type: string, value: unknown, now: Date): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? age(value, now) : '<invalid>';
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
