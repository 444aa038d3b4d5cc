import { app, openIdOf, type Publish, type World } from "./world.ts";

// Fact sheet, section 10. `content` is JSON inside of JSON.

const names = {
  failed: ["post.publish.failed", "video.upload.failed"],
  complete: ["post.publish.complete", "video.publish.completed"],
  inbox_delivered: ["post.publish.inbox_delivered"],
  publicly_available: ["post.publish.publicly_available"],
  no_longer: ["post.publish.no_longer_publicaly_available"],
} as const;

export function tellPublish(
  world: World,
  publish: Publish,
  what: keyof typeof names,
  at: number,
  more: Readonly<Record<string, string>> = {},
): void {
  const { eventNames, takedownSpelling } = world.settings;
  const [current, older] = names[what];
  const name = eventNames === "older" ? older : current;
  if (eventNames === "none" || name === undefined) return;
  const event = takedownSpelling === "publicly" ? name.replace("publicaly", "publicly") : name;
  const content = { publish_id: publish.id, ...more, publish_type: publish.isDraft ? "INBOX_SHARE" : "DIRECT_PUBLISH" };
  tell(world, { app: publish.grant.app, person: publish.person.id, event, content, at });
}

/** Sends an event to the app's one address, or keeps it while events are held. */
export function tell(
  world: World,
  input: {
    readonly app: string;
    readonly person: string;
    readonly event: string;
    readonly content: Readonly<Record<string, unknown>>;
    readonly at: number;
  },
): void {
  const body = JSON.stringify({
    client_key: input.app,
    event: input.event,
    create_time: Math.floor(input.at / 1000),
    user_openid: openIdOf(input.app, input.person),
    content: JSON.stringify(input.content),
  });
  const event = { app: input.app, event: input.event, body, isHeld: world.holdsEvents };
  world.events.push(event);
  if (!event.isHeld) send(world, event);
}

/** At least once: an event may be sent again, signed anew. */
export function send(world: World, event: World["events"][number]): void {
  event.isHeld = false;
  world.hooks.emit(event.app, event.event, event.body);
}

/** The app's address, as its owner enters it in the portal; null takes it out. */
export function setAddress(world: World, address: string | null): void {
  const id = `callback:${app.client_key}`;
  if (address === null) world.hooks.remove(id);
  else world.hooks.subscribe({ id, subject: app.client_key, address, secret: app.client_secret });
}
