import { type AppCredentialsSet, clientFields, type OAuth2Facts, oauth2 } from "@postd/connector-kit";

/** One OAuth client of one Google Cloud project; every Google platform signs in by it, each with scopes of its own. */
export const googleApp: AppCredentialsSet = {
  id: "google",
  fields: [
    ...clientFields({
      id: "Client ID of an OAuth client of the type web application, under APIs and services, Credentials.",
      secret: "Client secret of that OAuth client.",
    }),
    {
      name: "pubsub_topic",
      secret: false,
      required: false,
      help: "Business Profile events: the Pub/Sub topic Google publishes to, projects/{project}/topics/{topic}.",
    },
    {
      name: "pubsub_push_service_account",
      secret: false,
      required: false,
      help: "Business Profile events: e-mail address of the service account the push subscription signs in as.",
    },
    {
      name: "pubsub_audience",
      secret: false,
      required: false,
      help: "Business Profile events: audience set at the push subscription. Default: this server's address for Google's events.",
    },
  ],
};

/** A sign-in at Google; what it opens and how it tells who signed in is each platform's own. */
export const googleSignIn = (
  facts: Pick<OAuth2Facts, "id" | "label" | "platforms" | "scopes" | "subject" | "accounts" | "failures">,
) =>
  oauth2({
    ...facts,
    app: googleApp.id,
    authorizeAt: "https://accounts.google.com/o/oauth2/v2/auth",
    tokenAt: "https://oauth2.googleapis.com/token",
    pkce: "S256",
    authorizeParams: {
      access_type: "offline",
      // Without it a second consent hands out no refresh token.
      prompt: "consent",
      include_granted_scopes: "true",
    },
    // Not rotated, so a lost answer spends nothing.
    refresh: "repeatable",
    revoke: { at: "https://oauth2.googleapis.com/revoke", bare: true },
  });
