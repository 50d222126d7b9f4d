/** The six commands against a service that makes and removes attachments. Knows the protocol; knows no kernel. */

import { type CniError, cniError, ErrorCode, isCniError } from './errors.js';
import {
  type AddRequest,
  type AttachmentRef,
  type CheckRequest,
  type CniRequest,
  parseRequest,
  VERSIONS,
} from './protocol.js';
import { type Attached, addResult } from './result.js';

/** Attachments, as the agent keeps them. Every method may be called again with the same arguments. */
export interface AttachmentService {
  /** Done when packets flow; the same attachment again gives the same answer. */
  add(request: AddRequest): Promise<Attached | CniError>;
  /** Done when no packet flows and the addresses cannot come back; what is not there is removed already. */
  remove(ref: AttachmentRef): Promise<CniError | undefined>;
  /** What is wrong with the attachment, read from the kernel. */
  check(request: CheckRequest): Promise<CniError | undefined>;
  /** Removes the network's attachments that are not among `valid`. */
  collect(network: string, valid: readonly AttachmentRef[]): Promise<CniError | undefined>;
  /** Why an ADD would fail now. */
  status(): CniError | undefined;
}

/** What the plugin does: its standard output and exit code. */
export interface Answer {
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

/** Never throws: what goes wrong inside the service becomes an error of code 5. */
export async function answer(
  env: ReadonlyMap<string, string>,
  stdin: string,
  service: AttachmentService,
): Promise<Answer> {
  const request = parseRequest(env, stdin);
  if (isCniError(request)) return failed(request);
  try {
    const result = await perform(request, service);
    if (isCniError(result)) return failed(result, request.version);
    return { stdout: result ? JSON.stringify(result) : '', exitCode: 0 };
  } catch (error) {
    return failed(cniError(ErrorCode.io, `${request.command} failed`, (error as Error).message), request.version);
  }
}

async function perform(request: CniRequest, service: AttachmentService): Promise<object | undefined> {
  switch (request.command) {
    case 'ADD': {
      const attached = await service.add(request);
      return isCniError(attached) ? attached : addResult(request, attached);
    }
    case 'DEL':
      return service.remove(request.ref);
    case 'CHECK':
      return service.check(request);
    case 'GC':
      return service.collect(request.network, request.valid);
    case 'STATUS':
      return service.status();
    case 'VERSION':
      return { cniVersion: request.version, supportedVersions: VERSIONS };
  }
}

function failed(error: CniError, cniVersion = '1.1.0'): Answer {
  return { stdout: JSON.stringify({ cniVersion, ...error }), exitCode: 1 };
}
