import assert from "node:assert/strict";
import type { HttpResponse } from "../http.ts";
import { refresh, runFormat } from "./run-format.ts";
import type { Suite } from "./suite.ts";
import type { World } from "./world.ts";

const waitHeaders = /^(retry-after|(x-)?ratelimit-.*|x-.*usage)$/;

/** A platform saying no: each answer is the failure it means, for every format. */
export function failureCases({ provider, signIn, setup, samples, inWorld }: Suite): void {
  const endsForGood = setup.without?.some(({ signIn: id, what }) => id === signIn.id && what === "renewing") === true;
  const live = (world: World) => world.sim.simulator.posts().length;

  for (const { title, post, livePosts } of samples) {
    inWorld(
      `${title}: an expired token is auth_expired, and after one refresh the post goes out once`,
      async (world, connected) => {
        world.sim.arm({ fault: "tokenExpired" });
        const stopped = await runFormat({ world, connected, post, onFailure: "stop" });
        assert.equal(stopped.failure?.kind, "auth_expired", JSON.stringify(stopped.failure));
        assert.equal(live(world), 0);
        const auth = provider.signIns.find(({ id }) => id === connected.account.authKind);
        if (!auth?.refresh || endsForGood) return;
        world.sim.arm({ fault: "tokenExpired" });
        const sent = await runFormat({ world, connected, post });
        assert.equal(sent.end, "published", JSON.stringify(sent.failure));
        assert.equal(live(world), livePosts);
      },
    );

    inWorld(`${title}: a revoked token is auth_revoked, at once or by the refresh`, async (world, connected) => {
      world.sim.arm({ fault: "tokenRevoked", times: "always" });
      const { failure } = await runFormat({ world, connected, post, onFailure: "stop" });
      const final = failure?.kind === "auth_expired" ? await refresh(world, connected) : failure;
      assert.equal(final?.kind, "auth_revoked", JSON.stringify([failure, final]));
      assert.equal(live(world), 0);
    });

    inWorld(
      `${title}: being told to slow down is rate_limited, with the wait where one is told and without where not`,
      async (world, connected) => {
        world.sim.arm({ fault: "rateLimited" });
        const told = (answer: HttpResponse) =>
          answer.status === 429 ? { ...answer, headers: { ...answer.headers, "retry-after": "7" } } : answer;
        const withWait = await runFormat({ world, connected, post, onFailure: "stop", tamper: told });
        assert.equal(withWait.failure?.kind, "rate_limited", JSON.stringify(withWait.failure));
        if (withWait.failure?.kind === "rate_limited" && withWait.failure.status === 429)
          assert.equal(withWait.failure.retryAfterMs, 7000);

        world.sim.arm({ fault: "rateLimited" });
        const untold = (answer: HttpResponse) => ({
          ...answer,
          headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !waitHeaders.test(name))),
        });
        const without = await runFormat({ world, connected, post, onFailure: "stop", tamper: untold });
        assert.equal(without.failure?.kind, "rate_limited", JSON.stringify(without.failure));
        assert.equal(live(world), 0);

        world.sim.arm({ fault: "rateLimited" });
        const sent = await runFormat({ world, connected, post });
        assert.equal(sent.end, "published", JSON.stringify(sent.failure));
        assert.equal(live(world), livePosts);
      },
    );

    inWorld(
      `${title}: an error of the server's own is unavailable on a read and outcome_unknown on a change`,
      async (world, connected) => {
        const clean = await runFormat({ world, connected, post });
        const before = live(world);
        for (let skip = 0; skip < clean.trace.length; skip++) {
          world.sim.arm({ fault: "serverError", skip });
          // Other words each time, as some platforms refuse the same post twice.
          const other = { ...post, text: post.text === "" ? "" : `${post.text} ${skip}` };
          const { failure, trace } = await runFormat({ world, connected, post: other, onFailure: "stop" });
          world.sim.faults.clear();
          if (!failure) continue; // The fault met a call whose failure the connector bridges by itself.
          const allowed = trace.at(-1)?.effect === "none" ? ["unavailable"] : ["outcome_unknown", "unavailable"];
          assert.ok(allowed.includes(failure.kind), JSON.stringify(failure));
        }
        assert.ok(before >= livePosts);
      },
    );

    inWorld(
      `${title}: an answer nobody knows is unexpected_response, and never a claim that the post is live`,
      async (world, connected) => {
        const clean = await runFormat({ world, connected, post });
        assert.equal(clean.end, "published", JSON.stringify(clean.failure));
        const changing = clean.trace.flatMap(({ effectCalls }, run) => (effectCalls > 0 ? [run] : []));
        for (const run of changing)
          for (const text of ['{"surprise":true}', "<html>moved</html>"]) {
            const meddle = (at: number) => (at === run ? ({ kind: "body", text } as const) : undefined);
            const other = { ...post, text: post.text === "" ? "" : `${post.text} ${run}${text.length}` };
            const report = await runFormat({ world, connected, post: other, onFailure: "stop", meddle });
            const step = `${clean.trace[run]?.step}: ${JSON.stringify(report.failure)}`;
            if (report.failure)
              assert.ok(["unexpected_response", "outcome_unknown"].includes(report.failure.kind), step);
            else assert.equal(report.end, "published", step);
            assert.ok(report.published?.externalId !== "", step);
          }
      },
    );
  }
}
