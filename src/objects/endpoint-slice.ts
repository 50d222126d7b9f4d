/** EndpointSlice: some of the endpoints of a Service. */
import { kind, ObjectReference } from './meta.js';
import {
  always,
  boolean,
  dict,
  type Infer,
  int32,
  list,
  object,
  oneOf,
  required,
  string,
  withDefault,
} from './schema.js';

const DISCOVERY = 'io.k8s.api.discovery.v1.';
const hint = (name: string) => list(object({ name: required(string()) }, { name: DISCOVERY + name }));

export const Endpoint = object(
  {
    addresses: required(list(string(), { type: 'set' })),
    conditions: object(
      { ready: boolean(), serving: boolean(), terminating: boolean() },
      { name: `${DISCOVERY}EndpointConditions` },
    ),
    hostname: string(),
    targetRef: ObjectReference,
    deprecatedTopology: dict(string()),
    nodeName: string(),
    zone: string(),
    hints: object({ forZones: hint('ForZone'), forNodes: hint('ForNode') }, { name: `${DISCOVERY}EndpointHints` }),
  },
  { name: `${DISCOVERY}Endpoint` },
);
export type Endpoint = Infer<typeof Endpoint>;

export const EndpointPort = object(
  {
    name: withDefault(string(), ''),
    protocol: withDefault(oneOf('TCP', 'UDP', 'SCTP'), 'TCP'),
    port: int32({ min: 1, max: 65535 }),
    appProtocol: string(),
  },
  { name: `${DISCOVERY}EndpointPort`, atomic: true },
);
export type EndpointPort = Infer<typeof EndpointPort>;

export const EndpointSlice = kind(`${DISCOVERY}EndpointSlice`, {
  addressType: required(oneOf('FQDN', 'IPv4', 'IPv6')),
  endpoints: always(list(Endpoint), []),
  ports: list(EndpointPort),
});
export type EndpointSlice = Infer<typeof EndpointSlice>;
