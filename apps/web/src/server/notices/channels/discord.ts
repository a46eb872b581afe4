import type { Post } from "../post.ts";
import { wordsOf } from "../words.ts";
import { CHAT_TEXT_MAX, type Send } from "./channel.ts";

/** Discord's webhook: https://docs.discord.com/developers/resources/webhook#execute-webhook. Nobody is mentioned, whatever the text holds. */
export function createDiscordSend(options: { public_url: string }, dependencies: { post: Post }): Send<"discord"> {
  return (to, notice) => {
    const { title, text, path } = wordsOf(notice);
    const content = `**${title}**\n${text}\n<${options.public_url}${path}>`.slice(0, CHAT_TEXT_MAX);
    return dependencies.post(new URL(to.url), {}, JSON.stringify({ content, allowed_mentions: { parse: [] } }));
  };
}
