import { html } from 'htm/preact';
import type { Report } from '../model.ts';
import { formatAnswer, formatMoment, formatMs, plural } from '../words.ts';
import { section } from './sections.ts';

type Waterfall = NonNullable<Report['waterfalls']>[number];
type Bar = Waterfall['bars'][number];

/** Bars thinner than that, in parts of a thousand, would not be seen. */
const thinnest = 4;

/** Single requests: what each sidecar on their way took of their time. */
export function waterfalls({ waterfalls: all = [], traces }: Report) {
  if (all.length === 0) return null;
  const note =
    traces === undefined
      ? ''
      : `${plural(traces.sampled, 'request')} of ${traces.requests} traced, ${traces.whole} of them whole`;
  return section(
    'requests',
    'Single requests',
    note,
    html`<div class="waterfalls">${all.map(waterfall)}</div>
    <p class="key">Each line is what one sidecar logged, under what it was for; time counts from when the request was due. What sidecars sent again is there as often as it reached a host.${traces !== undefined && ' A ring marks what was not reported as a span.'}</p>`,
  );
}

function waterfall(one: Waterfall) {
  const { why, atMs, latencyMs, status, trace, flaw, bars } = one;
  const endMs = Math.max(latencyMs, ...bars.map(({ fromMs, ms }) => fromMs + ms), 0.001);
  return html`<figure class="card waterfall">
    <figcaption><h3>${capital(why)} <span class="span">${formatMs(latencyMs)}</span></h3>
    <p class="detail">due at ${formatMoment(atMs)}, ${status === 0 ? 'no answer' : `answered ${status}`}${trace !== undefined && html`, trace <code>${trace}</code>`}</p>${flaw !== undefined && html`<p class="reason">${flaw}</p>`}</figcaption>
    <ol>${bars.map((bar) => line(bar, endMs, trace !== undefined))}</ol>
  </figure>`;
}

function line(bar: Bar, endMs: number, traced: boolean) {
  const { who, what, depth, fromMs, ms, status, flag } = bar;
  const left = Math.max(0, Math.min(1_000 - thinnest, (1_000 * fromMs) / endMs));
  const width = Math.max(thinnest, Math.min(1_000 - left, (1_000 * ms) / endMs));
  const failed = status === 0 || status >= 400;
  const untold = traced && !bar.traced;
  return html`<li class=${`depth-${Math.min(depth, 8)}`}>
    <span class="who">${who} <small>${what}</small></span>
    <svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label=${`from ${formatMs(Math.max(0, fromMs))} on for ${formatMs(ms)}${untold ? ', no span' : ''}`}>
      <rect class="track" y="5.5" width="1000" height="1" />
      <rect class=${`${failed ? 'failing' : 'fine'} ${untold ? 'untold' : ''}`} x=${left.toFixed(1)} y="1" width=${width.toFixed(1)} height="10" />
    </svg>
    <span class="took">${formatMs(ms)} <small>${failed ? formatAnswer({ status, flag: flag ?? '' }) : status}</small></span>
  </li>`;
}

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
