import { type OAuthFacts, type Route, SimRefusal } from "@postd/connector-kit/simulator";
import { accountOf, route, suffix } from "./call.ts";
import { app, type World } from "./world.ts";

// Fact sheet, "OAuth and API key": no scopes, no PKCE, tokens without an end.

export const oauth: OAuthFacts<World> = {
  authorize: "login.mailchimp.com/oauth2/authorize",
  token: "login.mailchimp.com/oauth2/token",
  title: "Connect to Mailchimp",
  scopes: {},
  apps: () => [{ id: app.client_id, secret: app.client_secret }],
  people: ({ accounts }) => accounts.all().map(({ id, name, person }) => ({ id, name: `${person.name}, ${name}` })),
  clientAuth: "body",
  pkce: "refused",
  codeSeconds: 30,
  answer: ({ json }) => ({ access_token: json.access_token, expires_in: 0, scope: null }),
};

export const signInRoutes: readonly Route<World>[] = [
  route("GET", "login.mailchimp.com/oauth2/metadata", {
    handle(call) {
      // `Authorization: OAuth {token}`, and only a token: a key has nothing to look up, it names its data centre itself.
      const isToken = call.caller.token?.grant.app === app.client_id;
      if (!isToken || !/^OAuth /i.test(call.request.headers.authorization ?? ""))
        throw new SimRefusal({ status: 401, json: { error: "invalid_token" } });
      const { dc, name, person, role } = accountOf(call);
      const id = call.world.settings.metadataIds === "number" ? Number(person.id) : person.id;
      const { email } = person;
      const login = { email, login_id: id, login_name: person.name, login_email: email };
      return {
        status: 200,
        json: {
          dc,
          role,
          accountname: name,
          user_id: id,
          login,
          login_url: "https://login.mailchimp.com",
          api_endpoint: `https://${dc}${suffix}`,
        },
      };
    },
  }),
];
