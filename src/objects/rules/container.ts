/** The rules of a container and its parts. */
import type {
  Container,
  ContainerPort,
  EnvVar,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  VolumeMount,
} from '../container.js';
import { type FieldError, forbidden, invalid, invalidEach, missing } from '../field-errors.js';
import { envName, portName, portNumber, qualifiedName } from '../names.js';
import { compareQuantities, parseQuantity } from '../quantity.js';
import { duplicates, type Rule } from './rule.js';

export const containerRule: Rule<Container> = (container, path) => {
  const errors = duplicates(
    container.ports,
    port => port.name,
    i => `${path}.ports[${i}].name`,
  );
  const mounts = duplicates(
    container.volumeMounts,
    mount => mount.mountPath,
    i => `${path}.volumeMounts[${i}].mountPath`,
  );
  errors.push(
    ...mounts.map(({ field, message }) => ({
      ...invalid(field, '', ''),
      message: `${message.replace('Duplicate', 'Invalid')}: must be unique`,
    })),
  );
  if (!container.image) errors.push(missing(`${path}.image`));
  else if (container.image !== container.image.trim()) {
    errors.push(invalid(`${path}.image`, container.image, 'must not have leading or trailing whitespace'));
  }
  const success = container.livenessProbe?.successThreshold;
  if (success !== undefined && success !== 1)
    errors.push(invalid(`${path}.livenessProbe.successThreshold`, success, 'must be 1'));
  const started = container.startupProbe?.successThreshold;
  if (started !== undefined && started !== 1)
    errors.push(invalid(`${path}.startupProbe.successThreshold`, started, 'must be 1'));
  if (container.readinessProbe?.terminationGracePeriodSeconds !== undefined) {
    const { terminationGracePeriodSeconds } = container.readinessProbe;
    errors.push(
      invalid(
        `${path}.readinessProbe.terminationGracePeriodSeconds`,
        terminationGracePeriodSeconds,
        'must not be set for readinessProbes',
      ),
    );
  }
  return errors;
};

export const containerPortRule: Rule<ContainerPort> = (port, path) =>
  port.hostPort ? invalidEach(`${path}.hostPort`, port.hostPort, portNumber(port.hostPort)) : [];

export const envVarRule: Rule<EnvVar> = (env, path) => {
  const errors = env.name ? invalidEach(`${path}.name`, env.name, envName(env.name)) : [];
  if (!env.valueFrom) return errors;
  const sources = Object.keys(env.valueFrom).length;
  if (sources === 0)
    errors.push(
      invalid(
        `${path}.valueFrom`,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
      ),
    );
  else if (env.value) errors.push(invalid(`${path}.valueFrom`, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1)
    errors.push(invalid(`${path}.valueFrom`, '', 'may not have more than one field specified at a time'));
  return errors;
};

export const volumeMountRule: Rule<VolumeMount> = (mount, path) => {
  const errors: FieldError[] = [];
  if (mount.subPath && mount.subPathExpr)
    errors.push(invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  for (const key of ['subPath', 'subPathExpr'] as const) {
    const value = mount[key];
    if (value?.startsWith('/')) errors.push(invalid(`${path}.${key}`, value, 'must be a relative path'));
    if (value?.split('/').includes('..')) errors.push(invalid(`${path}.${key}`, value, "must not contain '..'"));
  }
  return errors;
};

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

function handlerErrors(handler: Handler, path: string): FieldError[] {
  const set = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(key => handler[key] !== undefined);
  const errors: FieldError[] = [];
  if (set.length === 0) errors.push(missing(path, 'must specify a handler type'));
  for (const key of set.slice(1)) errors.push(forbidden(`${path}.${key}`, 'may not specify more than 1 handler type'));
  if (handler.exec && !handler.exec.command?.length) errors.push(missing(`${path}.exec.command`));
  for (const key of ['httpGet', 'tcpSocket'] as const) {
    const port = handler[key]?.port;
    if (typeof port === 'number') errors.push(...invalidEach(`${path}.${key}.port`, port, portNumber(port)));
    else if (port) errors.push(...invalidEach(`${path}.${key}.port`, port, portName(port)));
  }
  return errors;
}

export const probeRule: Rule<Probe> = handlerErrors;
export const lifecycleHandlerRule: Rule<LifecycleHandler> = handlerErrors;

const WHOLE = [
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
];

export const resourcesRule: Rule<ResourceRequirements> = ({ limits = {}, requests = {} }, path) => {
  const errors: FieldError[] = [];
  for (const [list, amounts] of [['limits', limits] as const, ['requests', requests] as const]) {
    for (const [name, text] of Object.entries(amounts)) {
      const at = `${path}.${list}[${name}]`;
      const quantity = parseQuantity(text);
      errors.push(...invalidEach(at, name, qualifiedName(name)));
      if (!name.includes('/') && !STANDARD.test(name))
        errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'));
      if (quantity && quantity.nano < 0n) errors.push(invalid(at, text, 'must be greater than or equal to 0'));
      if (quantity && WHOLE.includes(name) && quantity.nano % 1_000_000_000n)
        errors.push(invalid(at, text, 'must be an integer'));
    }
  }
  for (const [name, text] of Object.entries(requests)) {
    const request = parseQuantity(text);
    const limit = Object.hasOwn(limits, name) ? parseQuantity(limits[name]!) : undefined;
    if (request && limit && compareQuantities(request, limit) > 0) {
      errors.push(invalid(`${path}.requests`, text, `must be less than or equal to ${name} limit of ${limits[name]}`));
    }
  }
  return errors;
};

const STANDARD = /^(cpu|memory|ephemeral-storage|storage|hugepages-.+)$/;
