import assert from "node:assert/strict";
import type { System } from "@postd/testkit/system";
import { failedJob, idPlaces, ownApp, pageConnection, type Tenant } from "./tenant-requests.ts";

/** Something in every table: by the API where it makes such rows today, by hand where only a platform does. */
export async function fillEveryTable(system: System, tenant: Tenant): Promise<void> {
  await ownApp(tenant);
  const page = await pageConnection(tenant);
  await tenant.session.must("POST", `/api/connections/${page.id}/check`);
  const places = ["createPost body.versions.*.mediaIds", "createPost body.mentions.id", "getPublishJob path.jobId"];
  for (const place of places) {
    const { make, request } = idPlaces[place] ?? assert.fail(place);
    const { method, path, body } = request(await make(tenant), tenant);
    await tenant.session.must(method, path, body, { "idempotency-key": `${place.replaceAll(" ", "-")}` });
  }
  for (const place of ["getInboxEntry path.id", "readInbox path.id"]) {
    const { make, request } = idPlaces[place] ?? assert.fail(place);
    const { method, path, body } = request(await make(tenant), tenant);
    await tenant.session.must(method, path, body);
  }
  const job = await failedJob(tenant);
  await system.query(
    `with post as (insert into account_posts (id, tenant_id, connection_id, external_id, format, job_id, made_at, seen_at)
        select 'acp_' || md5(id), tenant_id, connection_id, id, 'text', id, domain_now(), domain_now() from publish_jobs where id = $2
        returning id, connection_id),
      account as (insert into account_numbers (tenant_id, connection_id, name, platform_name, at, value)
        select $1, connection_id, 'followers', 'followersCount', domain_now(), 1 from post),
      reading as (insert into number_readings (tenant_id, connection_id, next_at) select $1, connection_id, domain_now() from post)
    insert into account_post_numbers (tenant_id, account_post_id, fetched_at, metrics) select $1, id, domain_now(), '[]' from post`,
    [tenant.id, job],
  );
  const subscribed = await system.query("select 1 from webhook_subscriptions where connection_id = $1", [page.id]);
  assert.equal(subscribed.length, 1, "connecting a Page subscribes its events");
  await system.query(
    `insert into webhook_events (id, tenant_id, connection_id, platform, type, dedupe_key, received_at, data)
     values ('wev_' || md5($1), $1, $2, 'facebook', 'comment', 'k', domain_now(), '{}')`,
    [tenant.id, page.id],
  );
  await system.query(
    `with made as (insert into desk_audits (tenant_id, day, at, causes, decided) values ($1, '2026-03-02', domain_now(), '[]', '{}'))
    insert into desk_decisions (id, tenant_id, job_id, platform, at, by, outcome, cause)
      select 'dsk_' || md5($1), $1, id, platform, domain_now(), 'usr_x', 'leave', 'x' from publish_jobs where tenant_id = $1 limit 1`,
    [tenant.id],
  );
  await system.query(
    `with told as (select raise_notice($1, 'budget_spent', 'connection', $2, 'budget_spent:' || $2, '{}', false) as id),
      person as (select user_id as id from members where tenant_id = $1 limit 1),
      seen as (insert into notification_reads (notification_id, user_id, tenant_id, read_at)
        select told.id, person.id, $1, domain_now() from told, person),
      chosen as (insert into notification_settings (tenant_id, user_id, choices) select $1, id, '{}' from person),
      chat as (insert into notification_channels (id, tenant_id, kind, name, host, last_characters, choices, created_by, created_at, updated_at)
        select 'nch_' || md5($1), $1, 'slack', 'Team', 'hooks.slack.com', 'abcd', '{}', id, domain_now(), domain_now() from person)
    insert into notification_deliveries (id, tenant_id, notification_id, channel, recipient, state, due_at, created_at)
      select 'nde_' || md5($1), $1, told.id, 'mail', person.id, 'sent', domain_now(), domain_now() from told, person`,
    [tenant.id, page.id],
  );
  await system.query(
    `with listening as (select listen_to_events($1, 'endpoint ' || $1, null))
    insert into events (id, tenant_id, type, subject_kind, subject_id, at, data)
      select 'evt_' || md5($1), $1, 'connection.changed', 'connection', $2, domain_now(), '{}' from listening`,
    [tenant.id, page.id],
  );
}
