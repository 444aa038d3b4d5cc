import { customType, text, timestamp } from "drizzle-orm/pg-core";

/** Instants are `timestamptz` with milliseconds; `Date` inside, ISO 8601 UTC outside. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

export const bytes = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });

/** Column every tenant table has; row-level security compares it with `app.tenant_id`. */
export const tenantId = () => text("tenant_id").notNull();
