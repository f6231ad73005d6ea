import { createHash } from 'node:crypto';
import { html as h } from 'htm/preact';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Status } from '../model.ts';

interface Page {
  readonly title: string;
  /** What the icon of its tab shows. */
  readonly status: Status;
  readonly css: string;
  /** The texts of the only scripts that may run in it; none, so that none may. */
  readonly scripts?: readonly string[];
  /** Whether its script may ask the server that it comes from; a file comes from none. */
  readonly asksServer?: boolean;
  readonly body: VNode | VNode[];
}

/** One HTML file that needs no network, and in which nothing may run or load but what it brings itself. */
export function page({ title, status, css, scripts = [], asksServer = false, body }: Page): string {
  const policy = [
    "default-src 'none'",
    ...(scripts.length === 0 ? [] : [`script-src ${scripts.map(hash).join(' ')}`]),
    `style-src ${hash(css)}`,
    'img-src data:',
    ...(asksServer ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>\n${renderToString(h`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content=${policy} />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <title>${`${title} (Breakwater)`}</title>
      <link rel="icon" href=${favicon(status)} />
      <style ...${raw(css)} />
    </head>
    <body>${body}</body>
  </html>`)}\n`;
}

export const raw = (content: string) => ({ dangerouslySetInnerHTML: { __html: content } });

/** The source expression that lets a content security policy accept exactly this text. */
function hash(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

function favicon(verdict: Status): string {
  const color = { pass: '#00664f', fail: '#a63c00', invalid: '#e9a800' }[verdict];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="${color}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
