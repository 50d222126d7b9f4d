/** Who is asking: from the client's certificate, or from its token. Knows no permissions. */

import type { TLSSocket } from 'node:tls';
import type { User } from '../http.js';
import type { Authority } from './authority.js';

export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** A connection's certificate never changes, and reading it is slow. */
const known = new WeakMap<object, User>();

/** The certificate's user (CN) and groups (O) when our CA signed it; else a token's; else nobody. */
export function userOf(socket: TLSSocket, authorization: string | undefined, authority: Authority): User {
  const bearer = /^Bearer ([\w.-]{1,8192})$/.exec(authorization ?? '');
  return fromCertificate(socket) ?? (bearer ? authority.verifyToken(bearer[1]!) : undefined) ?? ANONYMOUS;
}

function fromCertificate(socket: TLSSocket): User | undefined {
  const before = known.get(socket);
  if (before) return before;
  if (!socket.authorized) return undefined;
  // Several O make an array; the type knows only one.
  const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string | string[]; O?: string | string[] } };
  const [name] = [subject?.CN ?? []].flat();
  if (!name) return undefined;
  const user = { name, groups: [...[subject?.O ?? []].flat(), 'system:authenticated'] };
  known.set(socket, user);
  return user;
}
