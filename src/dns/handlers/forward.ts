/** Names that are not the cluster's: the upstream resolvers'. Says so, and leaves the asking to serve/. */

import { RCODE } from '../../wire/dns.js';
import { type Handler, positive } from '../answer.js';

export const forward: Handler = {
  name: 'forward',
  answer(_view, question) {
    return {
      ...positive([], 'not a name of the cluster'),
      rcode: RCODE.NOERROR,
      authoritative: false,
      forward: question,
    };
  },
};
