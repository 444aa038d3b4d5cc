import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiSession } from "@postd/testkit/api";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { type System, startSystem } from "@postd/testkit/system";
import { parse } from "csv-parse/sync";

describe("posts as a file", () => {
  let system: System;
  let ida: ApiSession;
  let account: { readonly id: string };
  let other: { readonly id: string };

  before(async () => {
    system = await startSystem();
    ida = await system.signUp();
    account = await connectBluesky(system, ida);
    other = await connectBluesky(system, ida, "Nordlys");
  });
  after(() => system?.close());

  const table = async (who: ApiSession, query = ""): Promise<readonly Record<string, string>[]> => {
    const { status, body } = await who.call("GET", `/api/posts/export${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return parse(body, { bom: true, columns: true });
  };
  const write = (body: object, targets = [account]) =>
    ida.must("POST", "/api/posts", { targets: targets.map(({ id }) => ({ connectionId: id })), ...body });

  it("holds every post, one line an account, with its state and address, over more pages than one", async () => {
    const live = await write({ text: 'Beans, "fresh"\nand new' }, [account, other]);
    await system.settle();
    for (let count = 0; count < 205; count += 1) await write({ text: `Draft ${count}`, mode: "draft" });
    const lines = await table(ida);
    assert.equal(lines.length, 207);
    assert.equal(new Set(lines.map(({ post_id }) => post_id)).size, 206);
    const [one, two] = lines.filter(({ post_id }) => post_id === live.id);
    for (const line of [one, two]) {
      assert.equal(line?.text, 'Beans, "fresh"\nand new');
      assert.equal(line?.state, "published");
      assert.match(line?.permalink ?? "", /^https:\/\//);
      assert.equal(line?.simulated, "true");
    }
    assert.deepEqual(new Set([one?.connection_id, two?.connection_id]), new Set([account.id, other.id]));
    assert.equal((await table(ida, "?status=draft")).length, 205);
  });

  it("no cell is a formula, neither at once nor behind a space", async () => {
    for (const text of ["=1+1", " =1+1", "@SUM(A1)", "\t+1", "-2+3"]) await write({ text, mode: "draft" });
    const texts = (await table(ida, "?status=draft")).slice(0, 5).map(({ text }) => text);
    assert.deepEqual(texts, ["'-2+3", "'+1", "'@SUM(A1)", "'=1+1", "'=1+1"]);
  });

  it("another workspace's posts are not in it", async () => {
    assert.deepEqual(await table(await system.signUp()), []);
  });
});
