/** What applying a patch gives: the new value, or why not. Bad patches are results, never exceptions. */

export type Patched =
  | { readonly value: unknown }
  | {
      readonly error: string /** 400: no patch at all · 413: too large · 422: does not fit this object. */;
      readonly status: 400 | 413 | 422;
    };

export const refused = (error: string, status: 400 | 413 | 422 = 422): Patched => ({ error, status });
