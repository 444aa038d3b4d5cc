import pg from "pg";

/** Opens again what was put aside, as if it had just come; answers how many. For when its cause has been mended. */
export async function retryInbound(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: "postd_retry_inbound" });
  await client.connect();
  try {
    await client.query("set role postd_app");
    const { rowCount } = await client.query(
      "update webhook_inbox set dead_at = null, next_try_at = null, error = null, tries = 0, faults = 0 where dead_at is not null",
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
