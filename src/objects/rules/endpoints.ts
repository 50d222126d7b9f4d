/** The rules of Endpoints: those of an EndpointSlice's addresses and ports, in the older shape. */
import type { EndpointAddress, EndpointSubset } from '../endpoints.js';
import { type FieldError, invalidEach, missing } from '../field-errors.js';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../names.js';
import { nonSpecialIp } from './endpoint-slice.js';
import { duplicates, type Rule } from './rule.js';

export const endpointSubsetRule: Rule<EndpointSubset> = (subset, path) => {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length + notReadyAddresses.length === 0)
    errors.push(missing(path, 'must specify `addresses` or `notReadyAddresses`'));
  addresses.forEach((address, i) => {
    errors.push(...addressErrors(address, `${path}.addresses[${i}]`));
  });
  notReadyAddresses.forEach((address, i) => {
    errors.push(...addressErrors(address, `${path}.notReadyAddresses[${i}]`));
  });
  ports.forEach(({ name, appProtocol }, i) => {
    const at = `${path}.ports[${i}]`;
    if (name) errors.push(...invalidEach(`${at}.name`, name, dnsLabel(name)));
    else if (ports.length > 1) errors.push(missing(`${at}.name`));
    if (appProtocol) errors.push(...invalidEach(`${at}.appProtocol`, appProtocol, qualifiedName(appProtocol)));
  });
  return [
    ...errors,
    ...duplicates(
      ports,
      port => port.name,
      i => `${path}.ports[${i}].name`,
    ),
  ];
};

function addressErrors({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldError[] {
  return [
    ...(ip ? nonSpecialIp(ip, `${path}.ip`) : []),
    ...(hostname ? invalidEach(`${path}.hostname`, hostname, dnsLabel(hostname)) : []),
    ...(nodeName ? invalidEach(`${path}.nodeName`, nodeName, dnsSubdomain(nodeName)) : []),
  ];
}
