import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { grantThroughBrowser, openSession, signUp } from "@postd/testkit/api";
import { type Browser, chromium, type Page } from "playwright-core";
import { startOwnServer } from "../../tools/demo/start-own-server.ts";

const executablePath =
  process.env.POSTD_TEST_CHROMIUM ??
  ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) => existsSync(file)) ??
  "chromium";

describe("what a person meets in a browser", () => {
  let server: Awaited<ReturnType<typeof startOwnServer>>;
  let browser: Browser;

  before(async () => {
    server = await startOwnServer();
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** A page whose every error, refused script and failed request of ours is collected. */
  async function open(): Promise<{ page: Page; troubles: string[] }> {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text());
    });
    return { page, troubles };
  }

  it("the start page says what runs and leads to the API's pages", async () => {
    const { page, troubles } = await open();
    await page.goto(server.url);
    assert.match((await page.textContent("h1")) ?? "", /POSTD is running/);
    await page.click("text=Browse the API");
    await page.waitForSelector(".opblock");
    assert.ok((await page.locator(".opblock").count()) > 40);
    assert.equal(await page.locator(".topbar").isVisible(), false);
    await page.locator("#operations-publish-publish button").first().click();
    await page.waitForSelector("text=connectionId");
    assert.deepEqual(troubles, []);
    await page.close();
  });

  it("a customer agrees on the platform's page and the developer's key connects the account", async () => {
    const owner = await signUp(server.url);
    const key = await owner.must("POST", "/api/api-keys", {
      name: "agency",
      scopes: ["connections:read", "connections:write"],
    });
    const program = openSession(server.url, { apiKey: key.key });
    const { authUrl } = await program.must("POST", "/api/oauth/facebook/start", {});
    const { page, troubles } = await open();
    await page.goto(authUrl);
    assert.match((await page.textContent("body")) ?? "", /Northfold Coffee/);
    await page.getByRole("button", { name: /^Continue/ }).click();
    await page.waitForURL(/\/accounts\/choose\?grantId=gra_/);
    assert.match((await page.textContent("h1")) ?? "", /signed in/);
    const grantId = new URL(page.url()).searchParams.get("grantId");
    const grant = await program.must("GET", `/api/grants/${grantId}`);
    assert.equal(grant.subject.name, "Ida Holm");
    const [account] = grant.accounts;
    const made = await program.must("POST", "/api/connections", {
      grantId,
      accounts: [{ platform: account.platform, externalId: account.externalId }],
    });
    assert.equal(made.connections[0].status, "healthy");
    assert.deepEqual(troubles, []);
    await page.close();
  });

  it("a person who declines is told that nothing was connected", async () => {
    const owner = await signUp(server.url);
    const key = await owner.must("POST", "/api/api-keys", { name: "agency", scopes: ["connections:write"] });
    const { authUrl } = await openSession(server.url, { apiKey: key.key }).must(
      "POST",
      "/api/oauth/instagram/start",
      {},
    );
    const { page } = await open();
    await page.goto(authUrl);
    await page.getByRole("button", { name: /^Cancel/ }).click();
    await page.waitForURL(/\/accounts\/choose\?error=/);
    assert.match((await page.textContent("body")) ?? "", /Nothing was connected/);
    await page.close();
  });

  it("what was posted can be looked at, picture and all, and its link opens", async () => {
    const owner = await signUp(server.url);
    const { grantId } = await grantThroughBrowser(owner, "facebook");
    const grant = await owner.must("GET", `/api/grants/${grantId}`);
    const pages = grant.accounts.filter(
      (account: { platform: string; blocked?: string }) => account.platform === "facebook" && !account.blocked,
    );
    const { connections } = await owner.must("POST", "/api/connections", {
      grantId,
      accounts: [{ platform: "facebook", externalId: pages[0].externalId }],
    });
    const text = `Seen in a browser ${Date.now()}`;
    const job = await owner.must("POST", "/api/publish", {
      connectionId: connections[0].id,
      payload: { content: text },
    });
    const { page, troubles } = await open();
    const { origin } = new URL((await owner.must("POST", "/api/oauth/facebook/start", {})).authUrl);
    await page.goto(`${origin}/__sim/`);
    await page.waitForLoadState();
    for (let looks = 0; looks < 40 && !(await page.textContent("body"))?.includes(text); looks += 1)
      await page.reload();
    const post = page.locator("article, section, li, div", { hasText: text }).last();
    assert.ok(await post.isVisible());
    const done = await owner.must("GET", `/api/publish/${job.id}`);
    assert.equal(done.state, "published");
    assert.deepEqual(troubles, []);
    await page.close();
  });
});
