/** labelSelector and fieldSelector of a query as one test of an object. Knows how a 400 reads; matching is objects' work. */

import { matchesFields, parseFieldSelector } from '../../objects/field-selectors.js';
import { parseLabelSelector } from '../../objects/selectors.js';
import type { Call } from '../api.js';
import { inVersion } from '../respond.js';
import { badRequest } from '../status.js';
import type { Entry } from '../store/entry.js';

export interface Selection {
  /** Nothing is excluded: the caller need not parse entries. */
  readonly everything: boolean;
  matches(entry: Entry): boolean;
}

/** Throws 400 on a selector that cannot be read or names a field that this resource cannot be selected by. */
export function selection({ resource, request, path }: Call): Selection {
  const labels = parseLabelSelector(request.query.get('labelSelector') ?? '');
  if ('error' in labels) throw badRequest(labels.error);
  const fields = parseFieldSelector(request.query.get('fieldSelector') ?? '', resource);
  if ('error' in fields) throw badRequest(fields.error);
  // A watch of one object by its path.
  const { name } = path;
  const everything = labels.requirements.length === 0 && fields.length === 0 && name === undefined;
  const matches = (entry: Entry) => {
    const object = inVersion(resource, entry.object);
    return (
      (name === undefined || object.metadata.name === name) &&
      labels.matches(object.metadata.labels) &&
      matchesFields(fields, object)
    );
  };
  return { everything, matches };
}
