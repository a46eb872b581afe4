import type { Answer, Post } from "../post.ts";
import { wordsOf } from "../words.ts";
import { CHAT_TEXT_MAX, type Send } from "./channel.ts";

/** The Bot API's `sendMessage`: https://core.telegram.org/bots/api#sendmessage. Plain text, so that nothing in it is read as markup. */
export function createTelegramSend(
  options: { origin: string; public_url: string },
  dependencies: { post: Post },
): Send<"telegram"> {
  return async (to, notice) => {
    const { title, text, path } = wordsOf(notice);
    const said = `${title}\n${text}\n${options.public_url}${path}`.slice(0, CHAT_TEXT_MAX);
    const answer = await dependencies.post(
      new URL(`/bot${to.token}/sendMessage`, options.origin),
      {},
      JSON.stringify({ chat_id: to.chat_id, text: said, link_preview_options: { is_disabled: true } }),
    );
    return { ...answer, ...waitOf(answer) };
  };
}

/** Telegram says in the body how long it wants to be left alone: `{"parameters": {"retry_after": 35}}`. */
function waitOf(answer: Answer): { wait_s?: number } {
  const seconds = /"retry_after"\s*:\s*(\d{1,6})/.exec(answer.answer)?.[1];
  return seconds === undefined ? {} : { wait_s: Number(seconds) };
}
