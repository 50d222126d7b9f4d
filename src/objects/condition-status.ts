/** The one question that everybody asks of an object's conditions. */

interface WithConditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Whether the condition is there and True; Unknown and absent are no. */
export function isTrue({ status }: WithConditions, type: string): boolean {
  return status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false;
}
