import type { SmtpSettings } from "@otedama/shared";
import { createTransport } from "nodemailer";
import type { Answer } from "../post.ts";
import { wordsOf } from "../words.ts";
import type { Send } from "./channel.ts";

/** By the mail server of the configuration. With `starttls` a server that offers no encryption is refused, not trusted. */
export function createEmailSend(options: {
  smtp: SmtpSettings | null;
  public_url: string;
  timeout_ms: number;
  answer_bytes_max: number;
}): Send<"email"> {
  const { smtp, timeout_ms } = options;
  if (smtp === null) {
    return async () => ({ delivered: false, answer: "No mail server is configured: set notices.smtp in config.yaml." });
  }
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.security === "tls",
    requireTLS: smtp.security === "starttls",
    ignoreTLS: smtp.security === "none",
    ...(smtp.user === "" ? {} : { auth: { user: smtp.user, pass: smtp.password } }),
    connectionTimeout: timeout_ms,
    greetingTimeout: timeout_ms,
    socketTimeout: timeout_ms,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async (to, notice, delivery): Promise<Answer> => {
    const { title, text, path } = wordsOf(notice);
    const { links } = notice;
    const more = links?.confirm ? `Yes, send them: ${links.confirm}` : `${options.public_url}${path}`;
    const end = links === undefined ? "" : `\nNo more of these: ${links.stop}\n`;
    try {
      const sent = await transport.sendMail({
        from: { name: "Otedama", address: smtp.from },
        to: to.to,
        subject: `Otedama: ${title}`,
        text: `${text}\n\n${more}\n${end}`,
        headers: {
          "X-Otedama-Event": notice.kind,
          "X-Otedama-Delivery": delivery,
          "Auto-Submitted": "auto-generated",
          ...(links === undefined
            ? {}
            : { "List-Unsubscribe": `<${links.one_click}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }),
        },
      });
      return { delivered: true, answer: sent.response.slice(0, options.answer_bytes_max) };
    } catch (error) {
      const { response, message } = error as Error & { response?: string };
      return { delivered: false, answer: (response ?? message).slice(0, options.answer_bytes_max) };
    }
  };
}
