import { html } from 'htm/preact';
import type { Report } from '../model.ts';
import { formatCount, formatPercent, plural, shorten } from '../words.ts';
import { table } from './table.ts';

const WIDTH = 400;
const CLIENT = { left: 4, width: 112, height: 40 };
const ZONE = { left: 214, width: 182, head: 26, gap: 14 };
const INSTANCE = { left: 222, width: 166, gap: 8 };
/** Right of the zones, where apps call onward. */
const ONWARD = { left: INSTANCE.left + INSTANCE.width, width: 74, bulge: 64, head: 7 };
/** Beyond this many edges their numbers would overlap: instances carry the sums instead. */
const MOST_NUMBERED = 8;

/** What of a report a map is made of. */
export type Mapped = Pick<Report, 'topology' | 'windows' | 'faults'> & {
  readonly timing: Pick<Report['timing'], 'loadMs'>;
  readonly series: Pick<Report['series'], 'stepMs' | 'ejected'>;
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly failed: number;
  readonly perSecond: number;
}

/** Who called whom in each window, drawn side by side. */
export function topologyFigures(report: Mapped) {
  if (report.topology.edges.length === 0) return html`<p class="card none">No traffic was observed.</p>`;
  const names = windowNames(report);
  const fastest = Math.max(
    1,
    ...names.flatMap((name) => edgesIn(report, name).map((edge) => edge.perSecond)),
  );
  return html`<div class="topologies">
    ${names.map((name) => figure(report, name, fastest))}
  </div>
  <p class="key">Line width shows requests per second. <span class="key-ok">Solid lines</span> had no failures, <span class="key-bad">dashed lines</span> did; ✗ counts them. Dashed boxes had a fault. Percentages are shares of all requests in the window${onwardKey(report)}.</p>
  <details class="numbers"><summary>The same as a table</summary>${asTable(report, names)}</details>`;
}

function windowNames(report: Mapped): string[] {
  const seen = new Set(report.topology.edges.flatMap((edge) => Object.keys(edge.byWindow)));
  const names = (['steady', 'fault', 'recovery', 'change'] as const).filter(
    (name) => seen.has(name) && report.windows.some((window) => window.name === name),
  );
  return names.length > 0 ? names : ['run'];
}

function seconds(report: Mapped, name: string): number {
  if (name === 'run') return report.timing.loadMs / 1_000;
  const windows = report.windows.filter((window) => window.name === name);
  return windows.reduce((sum, window) => sum + window.toMs - window.fromMs, 0) / 1_000;
}

function edgesIn(report: Mapped, name: string): Edge[] {
  const duration = seconds(report, name);
  return report.topology.edges.map(({ from, to, byWindow }) => {
    const { requests, failed } = byWindow[name] ?? { requests: 0, failed: 0 };
    return { from, to, requests, failed, perSecond: duration > 0 ? requests / duration : 0 };
  });
}

function wasEjected({ series, windows }: Mapped, instance: string, name: string): boolean {
  const values = series.ejected[instance] ?? [];
  return windows
    .filter((window) => window.name === name)
    .some(({ fromMs, toMs }) =>
      values
        .slice(Math.ceil(fromMs / series.stepMs), Math.floor(toMs / series.stepMs))
        .some((value) => (value ?? 0) > 0),
    );
}

const isClient = ({ topology }: Mapped, name: string) => topology.clients.some((each) => each.name === name);

const isGateway = ({ topology }: Mapped, name: string) =>
  topology.instances.some((each) => each.name === name && each.gateway !== undefined);

const isApp = (report: Mapped, name: string) => !isClient(report, name) && !isGateway(report, name);

/** Whether some app of the topology called another, or a gateway passed something on. */
const callsOnward = (report: Mapped) => report.topology.edges.some(({ from }) => !isClient(report, from));

/** What the arrows on the right are. */
function onwardKey(report: Mapped): string {
  const { edges } = report.topology;
  const apps = edges.some(({ from }) => isApp(report, from));
  const gateways = edges.some(({ from }) => isGateway(report, from));
  const ofApps = apps ? '; of what only apps call, shares of the calls of its service' : '';
  const arrows = [
    ...(apps ? ['calls that apps made onward'] : []),
    ...(gateways ? ['what gateways passed on'] : []),
  ];
  return arrows.length === 0 ? '' : `${ofApps}. Arrows on the right are ${arrows.join(', and ')}`;
}

/** Those that called the same one before, the clients among them apart: each has a place of its own at it. */
function slotOf(report: Mapped, { from, to }: Pick<Edge, 'from' | 'to'>): number {
  const { clients, edges } = report.topology;
  if (isClient(report, from)) return clients.findIndex(({ name }) => name === from);
  return edges
    .filter((edge) => edge.to === to && !isClient(report, edge.from))
    .findIndex((edge) => edge.from === from);
}

/** Its zone, and its network where there are some. */
const placeOf = ({ zone, network }: Report['topology']['instances'][number]) =>
  network === undefined ? zone : `${zone} · ${network}`;

/** Where everything stands; all coordinates in the units of the view box. */
function place(report: Mapped) {
  const { topology } = report;
  const numbered = topology.edges.length <= MOST_NUMBERED;
  const slots = numbered ? 1 + Math.max(0, ...topology.edges.map((edge) => slotOf(report, edge))) : 1;
  const height = 36 + (slots - 1) * 24;
  const zones = [...new Set(topology.instances.map(placeOf))];
  const tops = new Map<string, number>();
  let top = 4;
  const boxes = zones.map((zone) => {
    const members = topology.instances.filter((instance) => placeOf(instance) === zone);
    const box = { zone, top, height: ZONE.head + members.length * (height + INSTANCE.gap) + 2 };
    members.forEach((member, index) => {
      tops.set(member.name, top + ZONE.head + index * (height + INSTANCE.gap));
    });
    top += box.height + ZONE.gap;
    return box;
  });
  const total = Math.max(top - ZONE.gap + 4, topology.clients.length * (CLIENT.height + 8));
  const pitch = total / Math.max(1, topology.clients.length);
  const middles = new Map(topology.clients.map((client, index) => [client.name, pitch * (index + 0.5)]));
  const width = WIDTH + (callsOnward(report) ? ONWARD.width - (WIDTH - ONWARD.left) : 0);
  return { boxes, tops, middles, height, width, total, numbered };
}

/** One window: clients left, zones with their instances right, an edge for each pair; those of apps on the far right. */
function figure(report: Mapped, name: string, fastest: number) {
  const layout = place(report);
  const edges = edgesIn(report, name);
  const { numbered } = layout;
  const widest = Math.min(6.5, 65 / report.topology.instances.length);
  const drawn = edges.flatMap((edge) => {
    const own = layout.tops.get(edge.from);
    const from = layout.middles.get(edge.from) ?? (own === undefined ? undefined : own + layout.height / 2);
    const top = layout.tops.get(edge.to);
    if (from === undefined || top === undefined) return [];
    const to = numbered ? top + 18 + slotOf(report, edge) * 24 : top + layout.height / 2;
    return [{ edge, from, to, onward: own !== undefined }];
  });
  const words = edges.map(
    (edge) => `${edge.from} to ${edge.to}: ${rate(edge.perSecond)}, ${formatCount(edge.failed)} failed`,
  );
  return html`<figure class="card topology">
    <figcaption><h3>${name} <span class="span">${seconds(report, name).toFixed(1)} s</span></h3></figcaption>
    <svg viewBox=${`0 0 ${layout.width} ${layout.total.toFixed(0)}`} role="img" aria-label=${`Traffic in ${name}: ${words.join('; ')}`}>
      ${layout.boxes.map(zoneBox)}
      ${drawn.map((line) => (line.onward ? onwardLine(line, widest / fastest) : edgeLine(line, widest / fastest)))}
      ${numbered && drawn.map((line) => (line.onward ? onwardNumbers(line) : edgeNumbers(line)))}
      ${report.topology.clients.map((client) => clientBox(client, layout.middles.get(client.name) ?? 0))}
      ${report.topology.instances.map((instance) => {
        const facts = instanceFacts(report, name, instance.name, edges, numbered);
        return instanceBox(instance, facts, layout.tops.get(instance.name) ?? 0, layout.height);
      })}
    </svg>
  </figure>`;
}

function zoneBox(box: { zone: string; top: number; height: number }) {
  return html`<g>
    <rect class="zone" x=${ZONE.left} y=${box.top} width=${ZONE.width} height=${box.height} rx="8" />
    <text class="zone-name" x=${ZONE.left + 10} y=${box.top + 17}>${shorten(box.zone, 26)}<title>${box.zone}</title></text>
  </g>`;
}

interface Line {
  readonly edge: Edge;
  readonly from: number;
  readonly to: number;
  /** Whether an app made it. */
  readonly onward: boolean;
}

function edgeLine({ edge, from, to }: Line, widthOfOne: number) {
  const x = CLIENT.left + CLIENT.width;
  return html`<path class=${`edge ${severity(edge)}`} stroke-width=${widthOf(edge, widthOfOne)}
    d=${`M${x} ${from.toFixed(1)}C${x + 44} ${from.toFixed(1)} ${x + 30} ${to} ${INSTANCE.left} ${to}`}>
    <title>${inWords(edge)}</title>
  </path>`;
}

/** Out of one instance and round into another, with a head that says which way. */
function onwardLine({ edge, from, to }: Line, widthOfOne: number) {
  const { left, head } = ONWARD;
  const end = left + head;
  const bulge = Math.min(ONWARD.bulge, 18 + Math.abs(to - from) * 0.2);
  return html`<g>
    <path class=${`edge ${severity(edge)}`} stroke-width=${widthOf(edge, widthOfOne)}
      d=${`M${left} ${from.toFixed(1)}C${left + bulge} ${from.toFixed(1)} ${end + bulge} ${to.toFixed(1)} ${end} ${to.toFixed(1)}`}>
      <title>${inWords(edge)}</title>
    </path>
    <path class=${`edge-head ${severity(edge)}`} d=${`M${left} ${to}l${head + 3} -5v10z`} />
  </g>`;
}

/** Beside the head, on the side that the curve does not come from. */
function onwardNumbers({ edge, from, to }: Line) {
  const x = ONWARD.left + ONWARD.head + 5;
  const [near, far] = from < to ? [to + 15, to + 27] : [to - 8, to - 20];
  return html`<text class="rate" x=${x} y=${near}>${rate(edge.perSecond)}</text>
    ${edge.failed > 0 && html`<text class="failed" x=${x} y=${far}>✗ ${formatCount(edge.failed)}</text>`}`;
}

const widthOf = (edge: Edge, widthOfOne: number) =>
  (edge.requests === 0 ? 1 : 1.5 + edge.perSecond * widthOfOne).toFixed(1);

const inWords = (edge: Edge) =>
  `${edge.from} to ${edge.to}: ${plural(edge.requests, 'request')}, ${formatCount(edge.failed)} failed`;

/** On the side that the curve does not come from. */
function edgeNumbers({ edge, from, to }: Line) {
  const x = ZONE.left - 5;
  const [near, far] = from < to ? [to + 16, to + 28] : [to - 8, to - 20];
  return html`<text class="rate" x=${x} y=${near} text-anchor="end">${rate(edge.perSecond)}</text>
    ${edge.failed > 0 && html`<text class="failed" x=${x} y=${far} text-anchor="end">✗ ${formatCount(edge.failed)}</text>`}`;
}

function clientBox(client: { name: string; zone: string }, middle: number) {
  const left = CLIENT.left + 9;
  return html`<g>
    <rect class="client" x=${CLIENT.left} y=${(middle - CLIENT.height / 2).toFixed(1)} width=${CLIENT.width} height=${CLIENT.height} rx="8" />
    <text class="name" x=${left} y=${(middle - 2).toFixed(1)}>${shorten(client.name, 13)}<title>${client.name}</title></text>
    <text class="sub" x=${left} y=${(middle + 12).toFixed(1)}>${shorten(client.zone, 17)}</text>
  </g>`;
}

interface InstanceFacts {
  readonly faulty: boolean;
  readonly words: string;
}

function instanceFacts(
  report: Mapped,
  window: string,
  instance: string,
  edges: readonly Edge[],
  numbered: boolean,
): InstanceFacts {
  const own = edges.filter((edge) => edge.to === instance);
  const alike = edgesAlike(report, instance, edges);
  const sum = (of: (edge: Edge) => number, some: readonly Edge[] = own) =>
    some.reduce((total, edge) => total + of(edge), 0);
  const all = sum((edge) => edge.requests, alike);
  const failed = sum((edge) => edge.failed);
  const faulty = window === 'fault' && report.faults.some((fault) => fault.targets.includes(instance));
  const part = sum(
    (edge) => edge.requests,
    own.filter((edge) => alike.includes(edge)),
  );
  const share = all === 0 ? 'no traffic' : `${((100 * part) / all).toFixed(1)} %`;
  const words = [
    ...(numbered
      ? [share, ...(faulty ? ['faulty'] : [])]
      : [rate(sum((edge) => edge.perSecond)), ...(failed > 0 ? [`✗ ${formatCount(failed)}`] : [])]),
    ...(wasEjected(report, instance, window) ? ['ejected'] : []),
  ];
  return { faulty, words: words.join(' · ') };
}

/**
 * What an instance has a share of: all that clients sent, or what apps called of its service where only they do. What
 * gateways pass on clients have sent.
 */
function edgesAlike(report: Mapped, instance: string, edges: readonly Edge[]): readonly Edge[] {
  const { instances } = report.topology;
  if (isGateway(report, instance)) return edges.filter(({ from }) => isClient(report, from));
  const serviceOf = (name: string) => instances.find((each) => each.name === name)?.service;
  const service = serviceOf(instance);
  const ofService = edges.filter((edge) => serviceOf(edge.to) === service);
  const fromApps = (edge: Edge) => isApp(report, edge.from);
  return ofService.length > 0 && ofService.every(fromApps)
    ? ofService
    : edges.filter((edge) => !fromApps(edge) && !isGateway(report, edge.to));
}

function instanceBox(
  instance: { name: string; address: string },
  { faulty, words }: InstanceFacts,
  top: number,
  height: number,
) {
  const left = INSTANCE.left + 9;
  const middle = top + height / 2;
  return html`<g>
    <rect class=${`instance ${faulty ? 'faulty' : ''}`} x=${INSTANCE.left} y=${top} width=${INSTANCE.width} height=${height} rx="6" />
    <text class="name" x=${left} y=${middle - 3}>${shorten(instance.name, 19)}<title>${`${instance.name} (${instance.address})`}</title></text>
    <text class="sub" x=${left} y=${middle + 11}>${words}</text>
  </g>`;
}

function asTable(report: Mapped, names: string[]) {
  const byName = names.map((name) => edgesIn(report, name));
  return table(
    ['From', 'To', ...names],
    report.topology.edges.map((edge, index) => [
      edge.from,
      edge.to,
      ...byName.map((edges) => {
        const seen = edges[index];
        if (!seen) return 'no data';
        const failed =
          seen.failed === 0
            ? 'none failed'
            : `${formatCount(seen.failed)} failed (${formatPercent(Number((seen.failed / seen.requests).toFixed(4)))})`;
        return `${plural(seen.requests, 'request')}, ${rate(seen.perSecond)}, ${failed}`;
      }),
    ]),
  );
}

function severity(edge: Edge): string {
  if (edge.requests === 0) return 'idle';
  return edge.failed === 0 ? 'fine' : 'failing';
}

function rate(perSecond: number): string {
  return `${perSecond >= 100 || perSecond === 0 ? perSecond.toFixed(0) : perSecond.toFixed(1)}/s`;
}
