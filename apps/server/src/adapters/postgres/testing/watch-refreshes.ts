import { Buffer } from "node:buffer";
import type { SimulatorDefinition } from "@postd/connector-kit/simulator";
import { z } from "zod";

/** One refresh a platform was asked for. */
export interface RefreshCall {
  /** The refresh token that was sent. */
  readonly given: string;
  /** The access token that was answered; undefined: it was refused. */
  readonly issued: string | undefined;
}

const Answer = z.object({ json: z.object({ access_token: z.string() }) });

/** The simulators with what each was asked to refresh, by its id: records of a host leave out bodies, which hold secrets. */
export function watchRefreshes(definitions: readonly SimulatorDefinition[]) {
  const calls = new Map<string, RefreshCall[]>(definitions.map(({ id }) => [id, []]));
  const watched = definitions.map((definition): SimulatorDefinition => {
    const create: SimulatorDefinition["create"] = (env) => {
      const made = definition.create(env);
      const handle: typeof made.handle = async (request) => {
        const answer = await made.handle(request);
        const form = new URLSearchParams(Buffer.from(request.rawBody).toString("utf8"));
        if (form.get("grant_type") === "refresh_token")
          calls.get(definition.id)?.push({
            given: form.get("refresh_token") ?? "",
            issued: Answer.safeParse(answer).data?.json.access_token,
          });
        return answer;
      };
      return { ...made, handle };
    };
    return { ...definition, create };
  });
  return { definitions: watched, calls: (id: string): readonly RefreshCall[] => calls.get(id) ?? [] };
}
