import type { ServiceError } from "@postd/contracts";

export function no(
  code: ServiceError["code"],
  field: string,
  detail: string,
  next: string,
): { readonly ok: false; readonly error: ServiceError } {
  return { ok: false, error: { code, detail, next, field } };
}
