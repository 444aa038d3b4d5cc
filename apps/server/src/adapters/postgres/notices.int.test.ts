import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { asId, type ConnectionId, type TenantId } from "@postd/contracts";
import { type Caller, type ConnectionsDeps, createConnectionsService, markBroken, type NewNotice } from "@postd/core";
import { createNotices, raiseNotice } from "./notices-repo.ts";
import { withTenant } from "./tenant-tx.ts";
import { createFixture, type Fixture } from "./testing/connections-fixture.ts";

let fixture: Fixture;
let deps: ConnectionsDeps;
let here: Caller;

before(async () => {
  fixture = await createFixture();
});
after(() => fixture.close());
beforeEach(async () => {
  Object.assign(fixture.platform, {
    subject: `person-${randomUUID()}`,
    accounts: ["Harbour Bakery", "Harbour Café", "Harbour Bar"].map((name, at) => ({ id: `acc-${at + 1}`, name })),
  });
  deps = fixture.process().deps;
  here = fixture.caller(await fixture.tenant());
});

interface Row {
  readonly kind: string;
  readonly dedupe_key: string;
  readonly open: boolean;
  readonly data: { readonly connectionIds?: readonly string[]; readonly code?: string };
}
const told = async (tenantId: TenantId = here.tenantId): Promise<readonly Row[]> =>
  (
    await fixture.admin.pool.query<Row>(
      "select kind, dedupe_key, settled_at is null as open, data from notifications where tenant_id = $1 order by raised_at, id",
      [tenantId],
    )
  ).rows;
const kinds = async () => (await told()).map(({ kind, open }) => `${kind}${open ? " open" : ""}`);

const service = () => createConnectionsService(deps);
async function connect(): Promise<readonly ConnectionId[]> {
  const started = await service().startOAuth(here, { provider: "blog", authKind: "login" });
  assert.ok(started.ok);
  const callback = { state: started.value.state, code: "good" };
  const finished = await service().finishOAuth(here, { provider: "blog", state: started.value.state, callback });
  assert.ok(finished.ok);
  const accounts = fixture.platform.accounts.map(({ id }) => ({ platform: "blog", externalId: id }));
  const made = await service().connectFromGrant(here, { grantId: finished.value.grantId, accounts });
  assert.ok(made.ok);
  return made.value.connections.map(({ id }) => asId("connection", id));
}
const versionOf = async (id: ConnectionId) =>
  (await deps.connections.forTenant(here.tenantId).find(id))?.credentialVersion ?? 0;
const breakIt = async (connectionId: ConnectionId, kind: "auth_revoked" | "account_blocked" = "auth_revoked") =>
  markBroken(deps, {
    tenantId: here.tenantId,
    connectionId,
    credentialVersion: await versionOf(connectionId),
    failure: { kind, message: "The platform said no." },
  });

const budget = (over: Partial<NewNotice> = {}): NewNotice => ({
  tenantId: here.tenantId,
  kind: "budget_spent",
  subject: { kind: "connection", id: "con_00000000" },
  dedupeKey: "budget_spent:con_00000000",
  ...over,
});

test("raised twice it is told once and says the newest, raised after it was settled it is told anew", async () => {
  const notices = createNotices(fixture.app.db);
  assert.equal(await notices.raise(budget({ data: { count: 1, until: "x" } })), true);
  assert.equal(await notices.raise(budget({ data: { count: 2 } })), false);
  assert.deepEqual(
    (await told()).map(({ data }) => data),
    [{ count: 2, until: "x" }],
  );
  assert.equal(await notices.settle(budget()), true);
  assert.equal(await notices.settle(budget()), false);
  assert.equal(await notices.raise(budget()), true);
  assert.deepEqual(await kinds(), ["budget_spent", "budget_spent open"]);
});

test("forty raise the same at once and one tells it", async () => {
  const notices = createNotices(fixture.app.db);
  const answers = await Promise.all(Array.from({ length: 40 }, () => notices.raise(budget())));
  assert.equal(answers.filter(Boolean).length, 1);
  assert.equal((await told()).length, 1);
});

test("what has been is told once by its key for ever", async () => {
  const notices = createNotices(fixture.app.db);
  const day = budget({ kind: "dead_letter_daily", dedupeKey: "dead_letter_daily:2026-11-27", momentary: true });
  assert.deepEqual([await notices.raise(day), await notices.raise(day)], [true, false]);
  assert.equal(await notices.settle(day), false);
  assert.deepEqual(await kinds(), ["dead_letter_daily"]);
});

test("a notice is as its transaction: what was rolled back was never told", async () => {
  const lost = new Error("lost");
  await assert.rejects(
    withTenant(fixture.app.db, here.tenantId, async (tx) => {
      assert.equal(await raiseNotice(tx, budget()), true);
      throw lost;
    }),
    lost,
  );
  assert.deepEqual(await told(), []);
});

test("one tenant's notices are told and settled by it alone", async () => {
  const notices = createNotices(fixture.app.db);
  const other = await fixture.tenant();
  await notices.raise(budget());
  assert.equal(await notices.settle({ ...budget(), tenantId: other }), false);
  await assert.rejects(
    withTenant(fixture.app.db, other, (tx) => raiseNotice(tx, budget())),
    { code: "42501" },
  );
  assert.deepEqual(await kinds(), ["budget_spent open"]);
});

test("a sign-in that ends is told once for all its accounts, and once that they work again", async () => {
  const ids = await connect();
  const [first, second] = ids;
  assert.ok(first && second);
  await Promise.all([breakIt(first), breakIt(second), breakIt(first)]);
  const [notice, ...more] = await told();
  assert.deepEqual(more, []);
  assert.equal(notice?.kind, "connection_attention");
  assert.deepEqual(notice?.data.connectionIds, [...ids].sort());
  assert.equal(notice?.data.code, "signed_out");
  await connect();
  assert.deepEqual(await kinds(), ["connection_attention", "connection_recovered"]);
  await breakIt(first);
  assert.deepEqual(await kinds(), ["connection_attention", "connection_recovered", "connection_attention open"]);
});

test("another reason for attention is told anew in place of the first, and nothing is said to work again", async () => {
  const [first] = await connect();
  assert.ok(first);
  await breakIt(first, "account_blocked");
  await breakIt(first);
  assert.deepEqual(await kinds(), ["connection_attention", "connection_attention open"]);
});

test("disconnecting ends what is told of an account, and does not say that it works again", async () => {
  const [first] = await connect();
  assert.ok(first);
  await breakIt(first, "account_blocked");
  await service().disconnect(here, first);
  assert.deepEqual(await kinds(), ["connection_attention"]);
});
