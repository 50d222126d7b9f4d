/** POST serviceaccounts/NAME/token: a signed token that names the account, as `kubectl create token` asks for. Knows claims, no keys. */

import type { Api, Call } from '../api.js';
import { type Json, readObject } from '../body.js';
import { find } from '../handlers/get.js';
import type { ApiResponse } from '../http.js';
import { respondValue } from '../respond.js';
import { ApiError, badRequest } from '../status.js';
import { timestamp } from '../write.js';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_SECONDS = 3600;
const LIMITS = { least: 600, most: 1 << 24 };

export async function createToken(api: Api, call: Call): Promise<ApiResponse> {
  if (!api.signToken) throw new ApiError(404, 'NotFound', 'this API server signs no tokens', {});
  const { metadata } = find(api, call).object;
  const body = readObject(call.request.body, call.request.headers['content-type']);
  const spec = (body.spec ?? {}) as Json;
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  if (typeof seconds !== 'number' || seconds < LIMITS.least || seconds > LIMITS.most) {
    throw badRequest(`spec.expirationSeconds: Invalid value: must be between ${LIMITS.least} and ${LIMITS.most}`);
  }
  const audiences = Array.isArray(spec.audiences) && spec.audiences.length > 0 ? spec.audiences : [ISSUER];
  const now = Math.floor(Date.now() / 1000);
  const token = await api.signToken({
    iss: ISSUER,
    sub: `system:serviceaccount:${metadata.namespace}:${metadata.name}`,
    aud: audiences,
    iat: now,
    nbf: now,
    exp: now + seconds,
    'kubernetes.io': { namespace: metadata.namespace, serviceaccount: { name: metadata.name, uid: metadata.uid } },
  });
  const status = { token, expirationTimestamp: timestamp(new Date((now + seconds) * 1000)) };
  const { name, namespace } = metadata;
  const request = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: { name, namespace } };
  return respondValue(call, { ...request, spec: { ...spec, audiences, expirationSeconds: seconds }, status }, 201);
}
