/**
 * A Pod's first question of its search path, about a name that does not exist: the path is walked here, so that it need not ask
 * for the rest. Says where to look; the chain does.
 */

import { isName, isWithin } from '../../wire/dns-name.js';
import { type Handler, negative } from '../answer.js';

export const autopath: Handler = {
  name: 'autopath',
  answer(view, { name }, client) {
    if (!view.config.autopath || !view.synced || !isWithin(name, `svc.${view.domain}`) || view.exists(name))
      return undefined;
    const path = client === undefined ? undefined : view.searchPath(client);
    if (!path || name === path.first || !isWithin(name, path.first)) return undefined;
    const asked = name.slice(0, -path.first.length);
    // The dot behind it is none of its own.
    if (asked.split('.').length - 2 >= path.ndots) return undefined;
    const search = [...path.rest.map(domain => asked + domain), asked].filter(isName);
    return { ...negative(view, view.domain, false, "no name of the Pod's search path exists"), search };
  },
};
