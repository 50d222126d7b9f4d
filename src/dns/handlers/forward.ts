/** Names that are not the cluster's: the upstream resolvers'. Says so, and leaves the asking to serve/. */

import { RCODE } from '../../wire/dns.js';
import { type Handler, positive } from '../answer.js';
import { zoneOf } from '../config.js';

export const forward: Handler = {
  name: 'forward',
  answer(view, question) {
    const zone = zoneOf(view.config, question.name);
    return {
      ...positive([], zone === '.' ? 'not a name of the cluster' : `a name of the zone ${zone}`),
      rcode: RCODE.NOERROR,
      authoritative: false,
      forward: question,
    };
  },
};
