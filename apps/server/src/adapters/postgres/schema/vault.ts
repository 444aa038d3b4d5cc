import { index, integer, pgTable, text, unique } from "drizzle-orm/pg-core";
import { bytes, instant, tenantId } from "./columns.ts";
import { tenants } from "./people.ts";

/** Wrapped data keys, one current per tenant. Destroying a tenant's rows erases everything sealed with them. */
export const encryptionKeys = pgTable(
  "encryption_keys",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    /** "current" or "retired" (still opens old values). */
    status: text("status").notNull(),
    provider: text("provider").notNull(),
    masterKeyId: text("master_key_id").notNull(),
    wrapped: bytes("wrapped").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [unique("encryption_keys_tenant_version").on(t.tenantId, t.version)],
);

/** AES-256-GCM values bound to tenant, owner (sign-in, connection, app, grant or state) and name by associated data. */
export const encryptedSecrets = pgTable(
  "encrypted_secrets",
  {
    id: text("id").primaryKey(),
    tenantId: tenantId().references(() => tenants.id, { onDelete: "cascade" }),
    ownerId: text("owner_id").notNull(),
    name: text("name").notNull(),
    keyId: text("key_id")
      .notNull()
      .references(() => encryptionKeys.id, { onDelete: "cascade" }),
    nonce: bytes("nonce").notNull(),
    ciphertext: bytes("ciphertext").notNull(),
    version: integer("version").notNull().default(1),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [
    unique("encrypted_secrets_owner_name").on(t.tenantId, t.ownerId, t.name),
    index("encrypted_secrets_key").on(t.keyId),
  ],
);
