import { html } from 'htm/preact';
import type { Report } from '../model.ts';
import { formatCount, formatPercent, plural, shorten } from '../words.ts';
import { table } from './table.ts';

const WIDTH = 400;
const CLIENT = { left: 4, width: 112, height: 40 };
const ZONE = { left: 214, width: 182, head: 26, gap: 14 };
const INSTANCE = { left: 222, width: 166, gap: 8 };
/** From one column to the next, where apps call onward: each hop has a column of its own. */
const PITCH = ZONE.width + ZONE.left - CLIENT.left - CLIENT.width;
/** Above the boxes of a column, for what passes it by: room for each, and for all together. */
const LANE = { each: 14, all: 60 };
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

/** How to read a map on which not only clients call. */
function onwardKey(report: Mapped): string {
  const apps = report.topology.edges.some(({ from }) => isApp(report, from));
  const ofApps = apps ? '; of what only apps call, shares of the calls of its service' : '';
  return callsOnward(report) ? `${ofApps}. Each column is one hop further on` : '';
}

/** Those that called the same one before: each has a place of its own at it. */
const slotOf = ({ topology }: Mapped, { from, to }: Pick<Edge, 'from' | 'to'>): number =>
  topology.edges.filter((edge) => edge.to === to).findIndex((edge) => edge.from === from);

/** By service, how many calls of apps lead to it from what clients call, at most: its column. */
function hops(report: Mapped): ReadonlyMap<string, number> {
  const { instances, edges } = report.topology;
  const services = new Map(instances.map(({ name, service }) => [name, service]));
  const ways = new Set(
    edges.flatMap(({ from, to }) => {
      const [caller, called] = [services.get(from), services.get(to)];
      return caller === undefined || called === undefined ? [] : [`${caller}\n${called}`];
    }),
  );
  const found = new Map<string, number>();
  const hopOf = (service: string, on: readonly string[]): number => {
    const known = found.get(service);
    // Calls do not go round in circles; a report that says so is drawn all the same.
    if (known !== undefined || on.includes(service)) return known ?? 0;
    const before = [...ways].flatMap((way) => {
      const [caller = '', called] = way.split('\n');
      return called === service && caller !== service ? [hopOf(caller, [...on, service]) + 1] : [];
    });
    const hop = Math.max(0, ...before);
    found.set(service, hop);
    return hop;
  };
  for (const { service } of instances) hopOf(service, []);
  return found;
}

/** Its zone, and its network where there are some. */
const placeOf = ({ zone, network }: Report['topology']['instances'][number]) =>
  network === undefined ? zone : `${zone} · ${network}`;

/** Where an edge passes a column by, on its way from the box of one instance to that of another. */
interface Lane {
  readonly from: string;
  readonly to: string;
  readonly left: number;
  readonly y: number;
}

const indexOf = ({ topology }: Mapped, name: string) =>
  topology.instances.findIndex((each) => each.name === name);

/** Where everything stands; all coordinates in the units of the view box. */
function place(report: Mapped) {
  const { topology } = report;
  const numbered = topology.edges.length <= MOST_NUMBERED;
  const slots = numbered ? 1 + Math.max(0, ...topology.edges.map((edge) => slotOf(report, edge))) : 1;
  const height = 36 + (slots - 1) * 24;
  const columns = hops(report);
  const columnOf = ({ service }: { readonly service: string }) => columns.get(service) ?? 0;
  const count = 1 + Math.max(0, ...columns.values());
  const ofInstance = new Map(topology.instances.map((each) => [each.name, columnOf(each)]));
  const passing = (column: number) =>
    topology.edges
      .filter(({ from, to }) => (ofInstance.get(from) ?? -1) < column && column < (ofInstance.get(to) ?? 0))
      .toSorted((a, b) => indexOf(report, a.to) - indexOf(report, b.to));
  const lanes: Lane[] = [];
  const spots = new Map<string, { readonly top: number; readonly column: number }>();
  const ends: number[] = [];
  const boxes = Array.from({ length: count }, (_, column) => column).flatMap((column) => {
    const inside = topology.instances.filter((instance) => columnOf(instance) === column);
    const by = passing(column);
    const laneHeight = Math.min(LANE.each, LANE.all / Math.max(1, by.length));
    for (const [index, { from, to }] of by.entries()) {
      lanes.push({ from, to, left: ZONE.left + column * PITCH, y: 4 + (index + 0.5) * laneHeight });
    }
    let top = 4 + by.length * laneHeight + (by.length > 0 ? ZONE.gap / 2 : 0);
    const zones = [...new Set(inside.map(placeOf))].map((zone) => {
      const members = inside.filter((instance) => placeOf(instance) === zone);
      const box = { zone, column, top, height: ZONE.head + members.length * (height + INSTANCE.gap) + 2 };
      members.forEach((member, index) => {
        spots.set(member.name, { top: top + ZONE.head + index * (height + INSTANCE.gap), column });
      });
      top += box.height + ZONE.gap;
      return box;
    });
    ends.push(top);
    return zones;
  });
  const total = Math.max(Math.max(...ends) - ZONE.gap + 4, topology.clients.length * (CLIENT.height + 8));
  const pitch = total / Math.max(1, topology.clients.length);
  const middles = new Map(topology.clients.map((client, index) => [client.name, pitch * (index + 0.5)]));
  return { boxes, lanes, spots, middles, height, width: WIDTH + (count - 1) * PITCH, total, numbered };
}

/** One window: clients left, zones with their instances right, a column for each hop, an edge for each pair. */
function figure(report: Mapped, name: string, fastest: number) {
  const layout = place(report);
  const edges = edgesIn(report, name);
  const { numbered } = layout;
  // On a phone it is scrolled.
  const isWide = layout.width > WIDTH;
  const widest = Math.min(6.5, 65 / report.topology.instances.length);
  const drawn = edges.flatMap((edge): Line[] => {
    const caller = layout.spots.get(edge.from);
    const client = layout.middles.get(edge.from);
    const called = layout.spots.get(edge.to);
    if (called === undefined || (caller === undefined && client === undefined)) return [];
    return [
      {
        edge,
        lanes: layout.lanes.filter(({ from, to }) => from === edge.from && to === edge.to),
        from: {
          x:
            caller === undefined
              ? CLIENT.left + CLIENT.width
              : INSTANCE.left + INSTANCE.width + caller.column * PITCH,
          y: client ?? (caller?.top ?? 0) + layout.height / 2,
        },
        to: {
          x: INSTANCE.left + called.column * PITCH,
          y: numbered ? called.top + 18 + slotOf(report, edge) * 24 : called.top + layout.height / 2,
        },
      },
    ];
  });
  const words = edges.map(
    (edge) => `${edge.from} to ${edge.to}: ${rate(edge.perSecond)}, ${formatCount(edge.failed)} failed`,
  );
  return html`<figure class=${`card topology ${isWide ? 'hops' : ''}`} tabindex=${isWide ? 0 : undefined}>
    <figcaption><h3>${name} <span class="span">${seconds(report, name).toFixed(1)} s</span></h3></figcaption>
    <svg viewBox=${`0 0 ${layout.width} ${layout.total.toFixed(0)}`} role="img" aria-label=${`Traffic in ${name}: ${words.join('; ')}`}>
      ${layout.boxes.map(zoneBox)}
      ${drawn.map((line) => edgeLine(line, widest / fastest))}
      ${numbered && drawn.map(edgeNumbers)}
      ${report.topology.clients.map((client) => clientBox(client, layout.middles.get(client.name) ?? 0))}
      ${report.topology.instances.map((instance) => {
        const facts = instanceFacts(report, name, instance.name, edges, numbered);
        return instanceBox(instance, facts, layout.spots.get(instance.name), layout.height);
      })}
    </svg>
  </figure>`;
}

function zoneBox(box: { zone: string; column: number; top: number; height: number }) {
  const left = ZONE.left + box.column * PITCH;
  return html`<g>
    <rect class="zone" x=${left} y=${box.top} width=${ZONE.width} height=${box.height} rx="8" />
    <text class="zone-name" x=${left + 10} y=${box.top + 17}>${shorten(box.zone, 26)}<title>${box.zone}</title></text>
  </g>`;
}

/** An edge from the right side of one box to the left side of another, past the columns between them. */
interface Line {
  readonly edge: Edge;
  readonly lanes: readonly Lane[];
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

function edgeLine({ edge, lanes, from, to }: Line, widthOfOne: number) {
  let at = from;
  const ways = lanes.map(({ left, y }) => {
    const way = `${curve(at, { x: left, y }, 44)}H${left + ZONE.width}`;
    at = { x: left + ZONE.width, y };
    return way;
  });
  return html`<path class=${`edge ${severity(edge)}`} stroke-width=${widthOf(edge, widthOfOne)}
    d=${`M${from.x} ${from.y.toFixed(1)}${ways.join('')}${curve(at, to, 76)}`}>
    <title>${inWords(edge)}</title>
  </path>`;
}

/** Level where it begins and where it ends. */
const curve = (from: Line['from'], to: Line['to'], bend: number) =>
  `C${from.x + 44} ${from.y.toFixed(1)} ${to.x - bend} ${to.y.toFixed(1)} ${to.x} ${to.y.toFixed(1)}`;

const widthOf = (edge: Edge, widthOfOne: number) =>
  (edge.requests === 0 ? 1 : 1.5 + edge.perSecond * widthOfOne).toFixed(1);

const inWords = (edge: Edge) =>
  `${edge.from} to ${edge.to}: ${plural(edge.requests, 'request')}, ${formatCount(edge.failed)} failed`;

/** On the side that the curve does not come from. */
function edgeNumbers({ edge, lanes, from, to }: Line) {
  const x = to.x - (INSTANCE.left - ZONE.left) - 5;
  const [near, far] = (lanes.at(-1) ?? from).y < to.y ? [to.y + 16, to.y + 28] : [to.y - 8, to.y - 20];
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
  { top, column }: { readonly top: number; readonly column: number } = { top: 0, column: 0 },
  height: number,
) {
  const x = INSTANCE.left + column * PITCH;
  const left = x + 9;
  const middle = top + height / 2;
  return html`<g>
    <rect class=${`instance ${faulty ? 'faulty' : ''}`} x=${x} y=${top} width=${INSTANCE.width} height=${height} rx="6" />
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
