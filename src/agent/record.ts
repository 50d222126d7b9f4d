/** One attachment as the journal keeps it, and its line of JSON. */

import type { AttachmentRef, PodIdentity } from '../cni/protocol.js';
import { Ip } from '../net/ip.js';
import type { Attachment, HostPort } from '../plan/attachment.js';

/**
 * `adding`: something of it may be in the kernel, and the runtime was not told of it. `attached`: ADD was or may have been
 * answered. `leaving`: DEL was called; it need not be answered yet.
 */
export type State = 'adding' | 'attached' | 'leaving';

export interface AttachmentRecord {
  readonly state: State;
  readonly ref: AttachmentRef;
  readonly pod?: PodIdentity;
  readonly attachment: Attachment;
}

/** Unique on the node: networks of different names may attach the same container. */
export function idOf(ref: AttachmentRef): string {
  return `${ref.network}/${ref.containerId}/${ref.ifname}`;
}

export function formatRecord(record: AttachmentRecord): string {
  return JSON.stringify(record);
}

/** Undefined for what no agent wrote. */
export function parseRecord(value: unknown): AttachmentRecord | undefined {
  const record = value as AttachmentRecord | undefined;
  const attachment = record?.attachment;
  if (!attachment || !record.ref || !['adding', 'attached', 'leaving'].includes(record.state)) return undefined;
  if (idOf(record.ref) !== attachment.id || typeof attachment.link !== 'string') return undefined;
  const [ips, gateways] = [addresses(attachment.ips), addresses(attachment.gateways)];
  const hostPorts = hostPortsOf(attachment.hostPorts ?? []);
  return ips && gateways && hostPorts && { ...record, attachment: { ...attachment, ips, gateways, hostPorts } };
}

function hostPortsOf(values: unknown): HostPort[] | undefined {
  if (!Array.isArray(values)) return undefined;
  return (values as HostPort[]).map(({ hostIP, ...port }) => {
    const ip = Ip.parse(`${hostIP}`);
    return ip ? { ...port, hostIP: ip } : port;
  });
}

function addresses(texts: unknown): Ip[] | undefined {
  const ips = Array.isArray(texts) ? texts.map(text => Ip.parse(String(text))) : [undefined];
  return ips.every(ip => ip !== undefined) ? (ips as Ip[]) : undefined;
}
