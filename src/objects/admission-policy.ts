/** ValidatingAdmissionPolicy and its binding: accepted and kept; nothing here evaluates CEL. */
import { kind, LabelSelector } from './meta.js';
import { any, type Infer, list, listBy, object, oneOf, required, string, withDefault } from './schema.js';

const ADMISSION = 'io.k8s.api.admissionregistration.v1.';

const namedRule = list(any());
const MatchResources = object(
  {
    namespaceSelector: withDefault(LabelSelector, {}),
    objectSelector: withDefault(LabelSelector, {}),
    resourceRules: namedRule,
    excludeResourceRules: namedRule,
    matchPolicy: withDefault(oneOf('Exact', 'Equivalent'), 'Equivalent'),
  },
  { name: `${ADMISSION}MatchResources`, atomic: true },
);
const expression = (name: string) =>
  object({ name: required(string()), expression: required(string()) }, { name: ADMISSION + name });

export const ValidatingAdmissionPolicy = kind(`${ADMISSION}ValidatingAdmissionPolicy`, {
  spec: required(
    object(
      {
        paramKind: object({ apiVersion: string(), kind: string() }, { name: `${ADMISSION}ParamKind`, atomic: true }),
        matchConstraints: MatchResources,
        validations: list(
          object(
            { expression: required(string()), message: string(), reason: string(), messageExpression: string() },
            { name: `${ADMISSION}Validation` },
          ),
        ),
        failurePolicy: withDefault(oneOf('Ignore', 'Fail'), 'Fail'),
        auditAnnotations: list(
          object(
            { key: required(string()), valueExpression: required(string()) },
            { name: `${ADMISSION}AuditAnnotation` },
          ),
        ),
        matchConditions: listBy('name', expression('MatchCondition')),
        variables: listBy('name', expression('Variable')),
      },
      { name: `${ADMISSION}ValidatingAdmissionPolicySpec` },
    ),
  ),
  status: any(),
});
export type ValidatingAdmissionPolicy = Infer<typeof ValidatingAdmissionPolicy>;

export const ValidatingAdmissionPolicyBinding = kind(`${ADMISSION}ValidatingAdmissionPolicyBinding`, {
  spec: required(
    object(
      {
        policyName: required(string()),
        paramRef: object(
          { name: string(), namespace: string(), selector: LabelSelector, parameterNotFoundAction: string() },
          { name: `${ADMISSION}ParamRef`, atomic: true },
        ),
        matchResources: MatchResources,
        validationActions: list(oneOf('Deny', 'Warn', 'Audit'), { type: 'set' }),
      },
      { name: `${ADMISSION}ValidatingAdmissionPolicyBindingSpec` },
    ),
  ),
});
export type ValidatingAdmissionPolicyBinding = Infer<typeof ValidatingAdmissionPolicyBinding>;
