import type { Post } from "../post.ts";
import { signatureOf } from "../signature.ts";
import { wordsOf } from "../words.ts";
import type { Send } from "./channel.ts";

/**
 * A POST of JSON, signed:
 *
 *     otedama-event: block_found
 *     otedama-delivery: 1042            the same over all tries: what came twice is dropped by it
 *     otedama-timestamp: 1763690400     seconds
 *     otedama-signature: v1=6c3f…       HMAC-SHA-256 of `TIMESTAMP.BODY`
 *
 *     {"delivery":"1042","event":"block_found","at_ms":1763690399120,"subject":"0000…","title":"Block found","text":"…","details":{…}}
 */
export function createWebhookSend(dependencies: { post: Post; now: () => number }): Send<"webhook"> {
  return (to, notice, delivery) => {
    const { title, text } = wordsOf(notice);
    const { kind: event, at_ms, subject, details } = notice;
    const body = JSON.stringify({ delivery, event, at_ms, subject, title, text, details });
    const timestamp_s = Math.floor(dependencies.now() / 1000);
    return dependencies.post(
      new URL(to.url),
      {
        "otedama-event": event,
        "otedama-delivery": delivery,
        "otedama-timestamp": String(timestamp_s),
        "otedama-signature": signatureOf(to.secret, timestamp_s, body),
      },
      body,
    );
  };
}
