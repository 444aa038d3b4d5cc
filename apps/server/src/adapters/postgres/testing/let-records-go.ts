const tables = ["audit_log", "connection_audit"];

/**
 * For a test's administrator who begins anew: nobody else removes a tenant but by erasing it, since the record of its changes
 * stays as it was written.
 */
export const letRecordsGo = tables
  .flatMap((table) => ["keep_rows", "keep_table"].map((trigger) => `alter table ${table} disable trigger ${trigger}`))
  .join("; ");
