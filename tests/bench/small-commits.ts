import { randomUUID } from "node:crypto";
import pg from "pg";

/** Rows of the size of a publish attempt, each inserted and committed on its own, by so many connections at once. */
export async function smallCommitRate(url: string, connections: number, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  try {
    await pool.query("drop table if exists bench_attempts");
    await pool.query("create table bench_attempts (like publish_attempts including all)");
    const insert = () =>
      pool.query(
        `insert into bench_attempts (id, tenant_id, job_id, fence, step, kind, effect, repeatable, prepared, fingerprint, intent_at, note)
         values ($1, $2, $3, 1, 'put_post', 'call', 'visible', true, $4, $5, now(), 'Sending: put post')`,
        [
          `att_${randomUUID().replaceAll("-", "")}`,
          "ten_01a1fd0d9f757022b2f888a933672209",
          `job_${randomUUID().replaceAll("-", "")}`,
          JSON.stringify({
            rkey: "3n2slynltsp7f",
            createdAt: "2026-03-02T09:00:00.000Z",
            record: { text: "x".repeat(80) },
          }),
          randomUUID().repeat(2),
        ],
      );
    await Promise.all(Array.from({ length: connections }, insert));
    let done = 0;
    const begun = performance.now();
    const until = begun + seconds * 1_000;
    const loop = async () => {
      while (performance.now() < until) {
        await insert();
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
    return (done / (performance.now() - begun)) * 1_000;
  } finally {
    await pool.query("drop table if exists bench_attempts");
    await pool.end();
  }
}
