/** Endpoints: all endpoints of a Service in one object, as clients before EndpointSlice knew them. */
import { CORE, kind, ObjectReference } from './meta.js';
import { type Infer, int32, list, object, oneOf, required, string, withDefault } from './schema.js';

export const EndpointAddress = object(
  { ip: required(string()), hostname: string(), nodeName: string(), targetRef: ObjectReference },
  { name: `${CORE}EndpointAddress`, atomic: true },
);
export type EndpointAddress = Infer<typeof EndpointAddress>;

const Port = object(
  {
    name: string(),
    port: required(int32({ min: 1, max: 65535 })),
    protocol: withDefault(oneOf('TCP', 'UDP', 'SCTP'), 'TCP'),
    appProtocol: string(),
  },
  { name: `${CORE}EndpointPort`, atomic: true },
);

/** Every address has every port. */
export const EndpointSubset = object(
  { addresses: list(EndpointAddress), notReadyAddresses: list(EndpointAddress), ports: list(Port) },
  { name: `${CORE}EndpointSubset` },
);
export type EndpointSubset = Infer<typeof EndpointSubset>;

export const Endpoints = kind(`${CORE}Endpoints`, { subsets: list(EndpointSubset) });
export type Endpoints = Infer<typeof Endpoints>;
