import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { instant, tenantId } from "./columns.ts";
import { tenants } from "./people.ts";

/** People and companies a tenant names in posts, with the handle or URN each has by platform. */
export const mentions = pgTable(
  "mentions",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    handles: jsonb("handles").$type<Readonly<Record<string, string>>>().notNull(),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [index("mentions_tenant").on(t.tenantId, t.id)],
);
