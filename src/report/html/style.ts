/** The stylesheet of report.html. Colours after Okabe and Ito, darkened on light ground for contrast. */
export const style = `
:root {
  color-scheme: light dark;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
  --paper: #f4f6f8; --surface: #fff; --raised: #f7f9fb; --ink: #16212c; --muted: #53616e; --line: #dbe1e7; --grid: #e8ecf0; --link: #005a94;
  --pass: #00664f; --pass-ink: #00664f; --fail: #a63c00; --fail-ink: #a63c00; --invalid: #f0b41c; --invalid-ink: #7a5600; --on-invalid: #1f1700;
  --outcome-ok: #0b8f70; --outcome-shed: #bf8b00; --outcome-error: #cc5200; --outcome-unanswered: #8c3f78;
  --series-1: #0072b2; --series-2: #d17f00; --series-3: #00805f; --series-4: #b3417f; --series-5: #2f93d0; --series-6: #8a6d00; --series-7: #5b5bb0;
  --ejected: #d55e00; --edge: #0072b2; --span-fault: rgba(213, 94, 0, .09); --span-fault-edge: rgba(190, 80, 0, .65); --span-gap: rgba(90, 100, 110, .13);
  --shadow: 0 1px 2px rgba(20, 33, 44, .06), 0 4px 16px rgba(20, 33, 44, .05);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #0e1318; --surface: #171e25; --raised: #1d252d; --ink: #e9eef3; --muted: #a5b2be; --line: #2c3741; --grid: #242e37; --link: #7cc4f5;
    --pass: #00715a; --pass-ink: #3fcfa5; --fail: #b14300; --fail-ink: #ff9a5c; --invalid: #f0b41c; --invalid-ink: #f5c64f;
    --outcome-ok: #17a884; --outcome-shed: #f0b62e; --outcome-error: #ef7420; --outcome-unanswered: #d488bf;
    --series-1: #56b4e9; --series-2: #f0a82e; --series-3: #2fc496; --series-4: #e38abd; --series-5: #3f8fd6; --series-6: #efe05a; --series-7: #a3a3f5;
    --ejected: #ef7420; --edge: #56b4e9; --span-fault: rgba(239, 116, 32, .13); --span-fault-edge: rgba(239, 130, 60, .7); --span-gap: rgba(160, 175, 190, .16);
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 var(--sans); overflow-wrap: anywhere; }
h1, h2, h3, p, dl, dd, ul, figure, pre { margin: 0; padding: 0; }
ul { list-style: none; }
a { color: var(--link); text-underline-offset: .15em; }
code, pre { font-family: var(--mono); font-size: .88em; }
b, strong { font-weight: 650; }
small { font-size: inherit; font-weight: inherit; }
td, dd, li, code, .summary, h3 { unicode-bidi: isolate; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 9; background: var(--surface); padding: .5rem 1rem; }
.inside, main, nav ul, footer { max-width: 1240px; margin: 0 auto; padding: 0 28px; }

.verdict { color: #fff; background: var(--pass); }
.verdict.fail { background: var(--fail); }
.verdict.invalid { color: var(--on-invalid); background: var(--invalid); }
.verdict .inside { padding-top: 20px; padding-bottom: 28px; }
.origin { display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 14px; }
.origin > * { min-width: 0; max-height: 3em; overflow: hidden; }
.origin time { margin-left: auto; }
.said { display: flex; gap: 26px; align-items: center; margin: 30px 0 32px; }
.said > div { min-width: 0; }
.said > .icon { flex: none; width: 104px; height: 104px; fill: rgba(255, 255, 255, .17); }
.invalid .said > .icon { fill: rgba(31, 23, 0, .13); }
h1 { font-size: clamp(44px, 7vw, 72px); line-height: 1; font-weight: 800; letter-spacing: -.02em; display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 20px; }
h1 small { font-size: clamp(19px, 2.4vw, 26px); font-weight: 500; letter-spacing: -.005em; }
.summary { font-size: clamp(16px, 1.7vw, 19px); line-height: 1.45; max-width: 62em; margin-top: 12px; max-height: 11.6em; overflow: auto; text-wrap: pretty; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; border-radius: 12px; overflow: hidden; background: rgba(255, 255, 255, .22); }
.invalid .figures { background: rgba(31, 23, 0, .2); }
.figure { background: var(--pass); padding: 14px 16px; min-width: 0; }
.fail .figure { background: var(--fail); }
.invalid .figure { background: var(--invalid); }
.figure dt { font-size: 13.5px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.figure b { display: inline-block; font-size: 25px; line-height: 1.25; font-weight: 700; letter-spacing: -.015em; font-variant-numeric: tabular-nums; max-height: 2.5em; overflow: hidden; }
.figure small { display: block; font-size: 13px; line-height: 1.35; max-height: 4.05em; overflow: hidden; }
.figure .icon { width: 20px; height: 20px; vertical-align: 1px; fill: none; stroke: currentColor; stroke-width: 1.6; }

nav { position: sticky; top: 0; z-index: 5; background: var(--surface); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 4px 22px; overflow-x: auto; scrollbar-width: none; }
nav a { display: block; padding: 11px 0; color: var(--muted); text-decoration: none; font-size: 14px; white-space: nowrap; }
nav a:hover { color: var(--ink); text-decoration: underline; }
section { margin: 40px 0 0; }
h2 { font-size: 22px; line-height: 1.25; letter-spacing: -.012em; font-weight: 700; margin-bottom: 14px; }
h2 small { font-size: 15px; font-weight: 400; letter-spacing: 0; color: var(--muted); margin-left: 8px; }
h3 { font-size: 16px; font-weight: 650; letter-spacing: -.004em; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.none, .nothing, .notes, .configuration { padding: 16px 20px; }
.none, .nothing dd { color: var(--muted); }
.notes { list-style: disc; padding-left: 38px; }
.notes li + li { margin-top: 6px; }
.reason { font-size: 14.5px; line-height: 1.45; margin-top: 4px; }
.detail { color: var(--muted); font-size: 13.5px; line-height: 1.45; margin-top: 2px; }
.faint { color: var(--muted); }
footer { color: var(--muted); font-size: 13.5px; margin-top: 44px; padding-top: 18px; padding-bottom: 36px; }

.icon .glyph { fill: none; stroke: var(--surface); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.verdict .glyph { stroke: currentColor; }
.state { display: inline-flex; gap: 7px; align-items: center; font-weight: 600; white-space: nowrap; }
.state .icon { width: 18px; height: 18px; flex: none; }
.state.pass, .observed.pass { color: var(--pass-ink); } .state.pass .icon { fill: var(--pass-ink); }
.state.fail, .observed.fail { color: var(--fail-ink); } .state.fail .icon { fill: var(--fail-ink); }
.state.invalid, .observed.invalid { color: var(--invalid-ink); } .state.invalid .icon { fill: var(--invalid-ink); }
.state.none { padding: 0; font-weight: 400; }

table.rows { width: 100%; border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
.rows th { text-align: left; font-size: 13px; font-weight: 500; color: var(--muted); padding: 11px 12px 9px; white-space: nowrap; }
.rows td { padding: 11px 12px; border-top: 1px solid var(--line); vertical-align: top; }
.rows th:first-child, .rows td:first-child { padding-left: 20px; }
.rows th:last-child, .rows td:last-child { padding-right: 20px; }
.rows td > div { max-height: 16em; overflow: auto; }
.probes td > div { max-height: 30em; }
.checks th:last-child, .checks td:last-child { text-align: right; }
.checks td:nth-child(2), .validity td:nth-child(2) { width: 40%; }
.observed { font-weight: 650; }
.count { font-size: 17px; }
.bar { display: block; width: 76px; height: 4px; margin-top: 5px; background: var(--grid); border-radius: 2px; }
.bar rect { fill: var(--outcome-error); }
.answer { white-space: nowrap; font-weight: 600; display: inline-block; max-width: 16em; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.windows li { white-space: nowrap; }
.probes .state { white-space: normal; align-items: start; }
.probes td:nth-child(2) { width: 22%; } .probes td:nth-child(3) { width: 17%; } .probes td:nth-child(4) { width: 22%; } .probes td:nth-child(5) { width: 26%; }
.came .unmet { color: var(--fail-ink); }
.errors td:nth-child(1) { width: 112px; } .errors td:nth-child(2) { width: 100px; } .errors td:nth-child(3) { width: 27%; } .errors td:nth-child(4) { width: 15%; } .errors td:nth-child(6) { width: 31%; }
.faults td:nth-child(2) { width: 30%; } .faults td:nth-child(4) { width: 17%; } .faults td:nth-child(5) { width: 26%; }
.targets li { white-space: nowrap; max-width: 15em; overflow: hidden; text-overflow: ellipsis; }

.hint { color: var(--muted); font-size: 14px; margin-bottom: 12px; min-height: 30px; display: none; align-items: center; gap: 12px; flex-wrap: wrap; }
.charted .hint { display: flex; }
.no-charts { margin-bottom: 12px; }
.charted .no-charts { display: none; }
#reset-zoom { display: none; font: inherit; padding: 3px 12px; border: 1px solid var(--line); border-radius: 99px; background: var(--surface); color: var(--link); cursor: pointer; }
.zoomed #reset-zoom { display: inline-block; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; align-items: start; }
.chart.wide { grid-column: 1 / -1; }
.charts + .nothing { margin-top: 16px; }
.nothing > div { display: flex; flex-wrap: wrap; gap: 0 10px; padding: 3px 0; }
.nothing dt { font-weight: 650; }
.chart { padding: 16px 18px 10px; min-width: 0; }
.chart figcaption p { color: var(--muted); font-size: 14px; }
.moment { float: right; font-size: 14px; font-weight: 500; color: var(--muted); font-variant-numeric: tabular-nums; }
.plot { min-width: 0; overflow: hidden; }
.charted .plot { margin-top: 4px; }
.plot .uplot { font-family: var(--sans); }
.plot .u-over { cursor: crosshair; }
.u-cursor-x { border-color: var(--muted) !important; }
.u-select { background: var(--edge); opacity: .16; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 4px; margin: 8px 0 0 -7px; }
.legend button { display: inline-flex; align-items: center; gap: 7px; max-width: 100%; padding: 2px 7px; font: 13.5px/1.5 var(--sans); color: var(--ink); background: none; border: 0; border-radius: 6px; cursor: pointer; text-align: left; }
.legend button:hover { background: var(--raised); }
.legend i { flex: none; width: 12px; height: 12px; border-radius: 3px; }
.legend span { max-width: 22em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.legend output { min-width: 4.6em; font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
.legend [aria-pressed=false] { color: var(--muted); text-decoration: line-through; }
.legend [aria-pressed=false] i { opacity: .25; }
.numbers { margin-top: 6px; font-size: 14px; }
summary { cursor: pointer; color: var(--muted); font-size: 14px; padding: 4px 0; }
summary:hover { color: var(--ink); }
.numbers .rows th, .numbers .rows td { padding: 6px 12px 6px 0; }

.topologies { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 350px), 1fr)); gap: 16px; }
.topology { padding: 14px 14px 12px; min-width: 0; }
.topology h3::first-letter { text-transform: uppercase; }
.topology h3 { margin: 0 0 8px 4px; }
.topology .span { float: right; font-weight: 400; font-size: 14px; color: var(--muted); margin-right: 4px; }
.topology svg { display: block; width: 100%; max-width: 520px; height: auto; margin: 0 auto; font-family: var(--sans); }
.topology.hops { grid-column: 1 / -1; overflow-x: auto; }
.topology.hops svg { max-width: 900px; min-width: 600px; }
.zone { fill: var(--raised); stroke: var(--line); }
.zone-name { font-size: 11.5px; fill: var(--muted); }
.client, .instance { fill: var(--surface); stroke: var(--line); stroke-width: 1.2; }
.instance.faulty { stroke: var(--outcome-error); stroke-width: 1.6; stroke-dasharray: 5 3; }
.topology .name { font-size: 12px; font-weight: 600; fill: var(--ink); }
.topology .sub { font-size: 10.5px; fill: var(--muted); }
.edge { fill: none; stroke: var(--edge); stroke-opacity: .75; }
.edge.failing { stroke: var(--outcome-error); stroke-dasharray: 9 3; stroke-opacity: 1; }
.edge.idle { stroke: var(--muted); stroke-dasharray: 1.5 4; }
.rate, .failed { font-size: 11px; font-weight: 600; fill: var(--ink); paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; font-variant-numeric: tabular-nums; }
.failed { fill: var(--fail-ink); }
.key { color: var(--muted); font-size: 14px; margin-top: 10px; }
.key-ok { color: var(--edge); font-weight: 600; }
.key-bad { color: var(--fail-ink); font-weight: 600; }

.waterfalls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 16px; }
.waterfall { padding: 14px 18px 12px; min-width: 0; }
.waterfall .span { float: right; font-weight: 400; font-size: 14px; color: var(--muted); font-variant-numeric: tabular-nums; }
.waterfall ol { list-style: none; margin: 10px 0 0; padding: 0; }
.waterfall li { display: grid; grid-template-columns: minmax(8em, 15em) minmax(5em, 1fr) 8.6em; gap: 0 12px; align-items: center; padding: 2px 0; font-size: 13.5px; line-height: 1.4; }
.waterfall small { color: var(--muted); }
.waterfall svg { width: 100%; height: 12px; display: block; }
.waterfall .track { fill: var(--grid); }
.waterfall .fine { fill: var(--edge); }
.waterfall .failing { fill: var(--outcome-error); }
.waterfall .untold { fill-opacity: .12; stroke: currentColor; stroke-width: 1.5; stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
.waterfall .took { overflow: hidden; text-overflow: ellipsis; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
${[1, 2, 3, 4, 5, 6, 7, 8].map((depth) => `.depth-${depth} .who { padding-left: ${depth * 11}px; }`).join('\n')}
.held + .held { margin-top: 12px; }
.held { padding: 8px 20px; }
.held summary { color: var(--ink); }
.held summary small { color: var(--muted); margin-left: 6px; }
.held h3 { font-size: 13.5px; font-weight: 600; margin: 14px 0 4px; }
.held dl { margin: 0; }
.held dl > div { display: grid; grid-template-columns: minmax(9em, 2fr) minmax(9em, 3fr) minmax(8em, 2fr); gap: 0 16px; padding: 2px 0; font-size: 14px; line-height: 1.5; }
.held dd { margin: 0; overflow-wrap: anywhere; }
.held dt, .held .from { color: var(--muted); overflow-wrap: anywhere; }
.held dl > div + div { border-top: 1px solid var(--line); }
.configuration + .configuration { margin-top: 12px; }
.configuration { padding: 8px 20px; }
.configuration summary { color: var(--ink); font-family: var(--mono); font-size: 13.5px; }
.configuration summary small { font-family: var(--sans); color: var(--muted); margin-left: 6px; }
.configuration pre { overflow: auto; max-height: 70vh; margin: 8px -20px -8px; border-top: 1px solid var(--line); padding: 10px 0; font-size: 14px; line-height: 1.6; counter-reset: line; overflow-wrap: normal; tab-size: 2; }
.configuration code { display: inline-block; min-width: 100%; }
.configuration code span { display: block; padding-right: 20px; white-space: pre; }
.configuration code span::before { counter-increment: line; content: counter(line); display: inline-block; width: 3.4em; margin-right: 1.2em; text-align: right; color: var(--muted); user-select: none; }
.configuration .hit { background: var(--span-fault); box-shadow: inset 3px 0 var(--outcome-error); }
.configuration :target { background: color-mix(in srgb, var(--invalid) 30%, transparent); }
.facts { padding: 6px 20px; }
.facts > div { display: grid; grid-template-columns: 9em minmax(0, 1fr); gap: 4px 16px; padding: 9px 0; }
.facts > div + div { border-top: 1px solid var(--line); }
.facts dt { color: var(--muted); }
.facts + .numbers { margin: 0; padding: 6px 20px 12px; border-top: 1px solid var(--line); }
.command { user-select: all; }

@media (max-width: 900px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 720px) {
  .inside, main, nav ul, footer { padding-left: 16px; padding-right: 16px; }
  .origin time { margin-left: 0; }
  .said { gap: 14px; align-items: flex-start; margin: 22px 0 24px; }
  .said > .icon { width: 46px; height: 46px; }
  .summary { max-height: 26em; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figure { padding: 11px 13px; }
  .figure b { font-size: 22px; }
  .figure:last-child:nth-child(odd) { grid-column: 1 / -1; }
  section { margin-top: 32px; }
  .chart { padding: 14px 12px 8px; }
  .topology { padding: 12px 8px; }
  .waterfall { padding: 12px 14px; }
  .waterfall li { grid-template-columns: minmax(0, 1fr) auto; padding: 4px 0; }
  .waterfall svg { grid-row: 2; grid-column: 1 / -1; }
  table.rows, .rows tbody, .rows tr, .rows td { display: block; width: auto !important; }
  .rows thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .rows td > div { max-height: 30em; }
  .rows tr { padding: 10px 14px; border-top: 1px solid var(--line); }
  .rows tr:first-child { border-top: 0; }
  .rows td, .rows td:first-child, .rows td:last-child, .numbers .rows td { display: grid; grid-template-columns: 6.2em minmax(0, 1fr); gap: 10px; border: 0; padding: 3px 0; text-align: left; }
  .rows td::before { content: attr(data-label); color: var(--muted); font-size: 13.5px; line-height: 1.66; overflow: hidden; text-overflow: ellipsis; }
  .numbers .rows tr { padding: 8px 0; }
  .held dl > div { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .held .from { grid-column: 2; font-size: 13px; }
  .facts > div { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --raised: #fff; --ink: #000; --muted: #444; --line: #bbb; --link: #000; --shadow: none; }
  body { font-size: 11px; }
  nav, .hint, .skip { display: none !important; }
  .verdict, .figure, .legend i, .bar rect, .configuration .hit { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .inside, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .verdict .inside { padding-left: 18px; padding-right: 18px; }
  .card, .rows tr { break-inside: avoid; }
  .configuration, .held, table.card { break-inside: auto; }
  h2 { break-after: avoid; }
  .charts { grid-template-columns: minmax(0, 1fr); }
  .plot canvas { max-width: 100%; }
  .numbers { display: none; }
  .configuration::details-content, .held::details-content { content-visibility: visible; block-size: auto; height: auto; }
  .configuration pre, .rows td > div, .summary { max-height: none; overflow: visible; }
  .configuration code span { white-space: pre-wrap; }
}
`;
