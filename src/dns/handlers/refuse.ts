/** What is answered the same way whatever the name: other classes, transfers, ANY. */

import { CLASS_IN, RCODE } from '../../wire/dns.js';
import { failure, type Handler, positive } from '../answer.js';

export const refuse: Handler = {
  name: 'refuse',
  answer(view, question) {
    if (question.class !== CLASS_IN) return failure(RCODE.REFUSED, 'only class IN is served', 'notSupported');
    if (question.type === 'AXFR' || question.type === 'IXFR')
      return failure(RCODE.REFUSED, 'no zone transfers', 'prohibited');
    if (question.type === 'OPT') return failure(RCODE.FORMERR, 'OPT is no question');
    if (question.type !== 'ANY') return undefined;
    // RFC 8482 §4.2: one small record in place of all, so that ANY amplifies nothing.
    const data = { type: 'HINFO', cpu: 'RFC8482', os: '' } as const;
    return positive(
      [{ name: question.name, class: CLASS_IN, ttl: view.config.ttl, data }],
      'ANY gets the minimal answer of RFC 8482',
    );
  },
};
