import { html } from 'htm/preact';

/** A table whose rows become cards on a phone; ARIA roles keep it a table to assistive technology there. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[], kind = '') {
  if (rows.length === 0) return html`<p class="card none">None.</p>`;
  return html`<table class=${`rows ${kind}`} role="table">
    <thead role="rowgroup"><tr role="row">${head.map((label) => html`<th role="columnheader" scope="col">${label}</th>`)}</tr></thead>
    <tbody role="rowgroup">${rows.map(
      (cells) =>
        html`<tr role="row">${cells.map((cell, column) => html`<td role="cell" data-label=${head[column]}><div>${cell}</div></td>`)}</tr>`,
    )}</tbody>
  </table>`;
}
