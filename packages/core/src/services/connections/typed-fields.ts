import { type Kept, type KeyField, secret } from "@postd/connector-kit";
import { fail, ok, type Result, type ServiceError } from "@postd/contracts";

/**
 * What a person typed, by the fields a sign-in declares, with defaults in place; every problem is named at once, under
 * `prefix`, before anything is sent.
 */
export function typedFields(
  fields: readonly KeyField[],
  given: Readonly<Record<string, string>>,
  { prefix, platform }: { readonly prefix: "keys" | "fields"; readonly platform: string },
): Result<Kept, ServiceError> {
  const values = new Map(fields.map(({ name, defaultValue }) => [name, given[name]?.trim() || defaultValue]));
  const problem = (name: string, code: string, message: string) =>
    ({ field: `${prefix}.${name}`, code, message, severity: "error" }) as const;
  const problems = [
    ...fields
      .filter(({ name, required }) => required && !values.get(name))
      .map(({ name, label }) => problem(name, "required", `${label} is needed.`)),
    ...Object.keys(given)
      .filter((name) => !values.has(name))
      .map((name) => problem(name, "unknown", `${platform} has no field called ${name}.`)),
  ];
  const [first] = problems;
  if (first) return fail({ code: "invalid_input", detail: first.message, field: first.field, problems });
  return ok(Object.fromEntries([...values].flatMap(([name, value]) => (value ? [[name, secret(value)]] : []))));
}

/** Connectors name the bare field; for the caller it stands under `prefix`. */
export function underPrefix(error: ServiceError, fields: readonly KeyField[], prefix: "keys" | "fields"): ServiceError {
  if (error.field === undefined) return error;
  const bare = error.field.replace(/^(keys|fields|options)\./, "");
  return fields.some(({ name }) => name === bare) ? { ...error, field: `${prefix}.${bare}` } : error;
}
