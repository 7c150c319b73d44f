import { html } from "hono/html";

/** Nothing on the page but its text and one form; and nobody may frame it, or learn its address. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
};

/** Asks before anything happens: programs that read mails follow links, and press no buttons. */
export function confirmPage(question: string): Promise<string> {
  return page(question, html`<form method="post"><button type="submit">Confirm</button></form>`);
}

export function messagePage(message: string): Promise<string> {
  return page(message, html``);
}

async function page(text: string, more: ReturnType<typeof html>): Promise<string> {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${text}</title>
        <style>
          body {
            font: 1.1rem system-ui;
            max-width: 40rem;
            margin: 4rem auto;
            padding: 0 1rem;
          }
          button {
            font: inherit;
            padding: 0.5rem 1.5rem;
          }
        </style>
      </head>
      <body>
        <p>${text}</p>
        ${more}
      </body>
    </html>`;
  return String(await document);
}
