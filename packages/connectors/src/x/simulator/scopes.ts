/** In the words of the consent page (fact sheet, section 3). */
export const scopes = {
  "tweet.read": "All the posts you can view",
  "tweet.write": "Post and repost for you",
  "tweet.moderate.write": "Hide and unhide replies to your posts",
  "users.read": "Any account you can view",
  "media.write": "Upload media for you",
  "offline.access": "Stay connected to your account until you revoke access",
  "like.read": "Posts you have liked",
  "like.write": "Like and un-like posts for you",
  "follows.read": "People who follow you and whom you follow",
  "follows.write": "Follow and unfollow people for you",
  "dm.read": "Your direct messages",
  "dm.write": "Send direct messages for you",
  "timeline.read": "Your timeline",
} as const;
