/** From stage to stage until the packet's way ends: the list of all stages. */

import { arrive } from './arrive.js';
import { switchFrame } from './bridge.js';
import { CannotTell } from './cannot-tell.js';
import { type Journey, type Next, type Over, over } from './journey.js';
import { leave } from './leave.js';
import { receive } from './receive.js';
import { send } from './send.js';
import { transmit } from './transmit.js';

/** Routers end a packet by its time to live; bridges and tunnels in a ring have none. */
const LONGEST = 2000;

export function walk(journey: Journey, start: Next): Over {
  let next = start;
  try {
    for (let i = 0; i < LONGEST; i++) {
      if (next.to === 'end') return next;
      next = stage(journey, next);
    }
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return over('cannot tell', `${error.message} (in ${journey.hops.at(-1)?.netns})`);
  }
  return over('loop', `still on its way after ${LONGEST} stages`);
}

function stage(journey: Journey, next: Exclude<Next, Over>): Next {
  switch (next.to) {
    case 'send':
      return send(journey, next.place, next.packet);
    case 'leave':
      return leave(journey, next);
    case 'transmit':
      return transmit(journey, next.from, next.packet);
    case 'arrive':
      return arrive(journey, next.at, next.packet);
    case 'switch':
      return switchFrame(journey, next.bridge, next.port, next.packet);
    case 'receive':
      return receive(journey, next.at, next.packet);
  }
}
