import { columns, pad } from '../kit/columns.ts';
import { plural } from '../kit/format.ts';
import { visible } from '../kit/visible.ts';
import type {
  Action,
  Cluster,
  EffectiveConfiguration,
  Filter,
  GatewayHolds,
  Inbound,
  Limits,
  Origin,
  OutlierDetection,
  Route,
  Rule,
  Sidecar,
  TlsVersions,
  Told,
  Tracing,
  Unused,
  VirtualHost,
} from '../model/effective.ts';
import { reasonOfNever } from './reasons/checks.ts';
import {
  acceptsWords,
  clusterText,
  conditionsText,
  durationText,
  keepaliveText,
  limitText,
  localityWords,
  matchText,
  originText,
  placeOf,
  ruleText,
  shareText,
  timeText,
  tlsWords,
} from './words.ts';

/** One line of a table: what, its value, and where that comes from. */
interface Row {
  readonly what: string;
  readonly value: string;
  readonly from?: Origin | undefined;
}

/** Rows under a heading; `note` stands instead of rows where there are none. */
interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly note?: string;
}

/** What one side's sidecars hold about one service. */
export interface Table {
  /** "frontend (region1/zone-east)": replicas of a workload hold the same. */
  readonly who: string;
  /** "calls of edge-app". */
  readonly about: string;
  readonly sections: readonly Section[];
}

/** What a sidecar's calls of a service meet: its routes in order, then each cluster that they lead to. */
export function callTable(sidecar: Sidecar, service: string, configuration: EffectiveConfiguration): Table {
  // Those of a gateway are told with its hosts.
  const hosts = sidecar.gateway === undefined ? hostsTo(sidecar, service) : [];
  const routes = (sidecar.gateway === undefined ? hosts : sidecar.hosts).flatMap((host) => host.routes);
  const clusters = sidecar.clusters
    .filter((cluster) => cluster.service === service)
    .toSorted((a, b) => a.port - b.port);
  const { bytesTo = [] } = sidecar;
  const isOfBytes = clusters.some(({ name }) => bytesTo.includes(name));
  const routed = clusters.filter(
    ({ name }) => bytesTo.includes(name) || routes.some((route) => leadsTo(route, name)),
  );
  const unused = sidecar.unused.filter(
    ({ about, ...each }) =>
      each.side === 'client' && about !== 'gateway' && [service, sidecar.service].includes(each.service),
  );
  return {
    who: `${sidecar.workload} (${sidecar.locality})`,
    about: `calls of ${service}`,
    sections: [
      ...(hosts.length === 0 && sidecar.gateway === undefined ? [undefined] : hosts).map((host) => ({
        title: `routes${host && hosts.length > 1 ? ` on port ${host.port}` : ''}, the first that matches takes the request`,
        rows: (host?.routes ?? []).flatMap(routeRows),
        ...(isOfBytes && host === undefined ? { note: 'none: connections are passed on as bytes' } : {}),
      })),
      ...(sidecar.filters.length === 0 || sidecar.gateway !== undefined ? [] : [filterSection(sidecar)]),
      ...routed.flatMap((cluster) => clusterSections(cluster, routed.length > 1)),
      ...tracingSection(sidecar.tracing?.calls),
      ...neverSection(sidecar, service, configuration),
      ...unusedSection(unused),
    ],
  };
}

/** What a server's sidecar takes, port by port. */
function inboundTable(sidecar: Sidecar): Table {
  const unused = sidecar.unused.filter(({ side }) => side === 'server');
  return {
    who: `${sidecar.workload} (${sidecar.locality})`,
    about: `requests for ${sidecar.service}`,
    sections: [
      ...sidecar.inbound.flatMap(inboundSections),
      ...tracingSection(sidecar.tracing?.served),
      ...unusedSection(unused),
    ],
  };
}

const filterSection = ({ filters }: Sidecar): Section => ({
  title: 'filters before the routes',
  rows: filters.flatMap(filterRows),
});

/** What a gateway takes of others. */
function gatewayTable(sidecar: Sidecar, gateway: GatewayHolds): Table {
  const unused = sidecar.unused.filter(({ about }) => about === 'gateway');
  const isIngress = gateway.kind === 'ingress';
  return {
    who: `${sidecar.workload} (${sidecar.locality})`,
    about: isIngress ? 'requests from outside the mesh' : `connections into the network ${sidecar.network}`,
    sections: [
      ...(isIngress ? ingressSections(sidecar, gateway) : [passedOnSection(gateway)]),
      ...unusedSection(unused),
    ],
  };
}

function passedOnSection({ port, listens, passes }: GatewayHolds): Section {
  const nothing = listens ? 'none: it passes on nothing' : 'none: it does not listen there';
  return {
    title: `port ${port}, passed on by the name that TLS asks for`,
    rows: passes.map((each) => ({
      what: clusterText(each),
      value: each.anew ? 'mTLS ends there and begins anew' : 'mTLS as it is',
      from: each.from,
    })),
    ...(passes.length === 0 ? { note: nothing } : {}),
  };
}

function ingressSections(sidecar: Sidecar, { port, listens, takes }: GatewayHolds): readonly Section[] {
  return [
    {
      title: `port ${port}`,
      rows: takes.flatMap(({ names, certificate, from }): readonly Row[] => [
        {
          what: names.length === 0 ? 'any host' : names.join(', '),
          value: certificate ? 'TLS' : 'plain HTTP',
          from,
        },
        ...(certificate === undefined
          ? []
          : [
              {
                what: '   certificate',
                value: `${certificate.name.value}, for ${certificate.hosts.join(', ')}`,
                from: certificate.name.from,
              },
            ]),
      ]),
      ...(listens ? {} : { note: 'none: it does not listen there' }),
    },
    ...(sidecar.filters.length === 0 ? [] : [filterSection(sidecar)]),
    ...sidecar.hosts.map(({ domains, routes }) => ({
      title: `routes of ${domains.join(', ')}, the first that matches takes the request`,
      rows: routes.flatMap(routeRows),
      ...(routes.length === 0 ? { note: 'none: it answers 404' } : {}),
    })),
  ];
}

/** The hosts that are called by the service's name, or else that lead to it: one of each port. */
function hostsTo(sidecar: Sidecar, service: string): readonly VirtualHost[] {
  const names = new Set(
    sidecar.clusters.filter((cluster) => cluster.service === service).map(({ name }) => name),
  );
  const isNamed = ({ domains }: VirtualHost) =>
    domains.some((domain) => domain === service || domain.startsWith(`${service}.`));
  const leads = ({ routes }: VirtualHost) =>
    routes.some((route) => [...names].some((name) => leadsTo(route, name)));
  const hosts = [
    ...sidecar.hosts.filter(isNamed),
    ...sidecar.hosts.filter((host) => !isNamed(host) && leads(host)),
  ];
  return hosts
    .filter(({ port }, index) => hosts.findIndex((each) => each.port === port) === index)
    .toSorted((a, b) => a.port - b.port);
}

const leadsTo = ({ action }: Route, cluster: string) =>
  action.does === 'forward' && [...action.to, ...action.mirrors].some((to) => to.cluster === cluster);

function routeRows({ name, from, match, action, fault, answers = [] }: Route, index: number): readonly Row[] {
  const label = name === undefined ? '' : ` (${name})`;
  const rows: Row[] = [
    { what: `${index + 1}  ${matchText(match)}${label}`, value: actionText(action), from },
  ];
  const add = (what: string, value: string, from: Origin) => rows.push({ what: `   ${what}`, value, from });
  for (const { value, from: written } of answers) add('in every answer', value, written);
  if (fault.abort) {
    const { status, share } = fault.abort.value;
    add('injected error', `${status} for ${shareText(share)}`, fault.abort.from);
  }
  if (fault.delay)
    add(
      'injected delay',
      `${durationText(fault.delay.value.ms)} for ${shareText(fault.delay.value.share)}`,
      fault.delay.from,
    );
  if (action.does === 'forward' && action.to.length > 0) {
    add('timeout', timeText(action.timeoutMs.value), action.timeoutMs.from);
    const { attempts, conditions, perTryTimeoutMs } = action.retries;
    add('retries', attempts.value === 0 ? 'none' : `up to ${attempts.value}`, attempts.from);
    if (attempts.value > 0) {
      add('retried on', conditions.value.join(', '), conditions.from);
      if (perTryTimeoutMs.value !== null)
        add('per try', timeText(perTryTimeoutMs.value), perTryTimeoutMs.from);
    }
  }
  return rows;
}

function actionText(action: Action): string {
  if (action.does === 'answer') return `answers ${action.status} itself`;
  if (action.does === 'redirect') return `redirects (${action.status}) to ${action.to}`;
  const to = action.to.map(({ place, share }) => `${place}${share === 1 ? '' : ` ${shareText(share)}`}`);
  const copies = action.mirrors.map(({ place, share }) => `copy of ${shareText(share)} to ${place}`);
  return [to.length === 0 ? 'leads nowhere' : `→ ${to.join(', ')}`, ...action.rewrites, ...copies].join('; ');
}

function clusterSections(cluster: Cluster, several: boolean): readonly Section[] {
  const of = several || cluster.subset !== undefined ? ` of ${clusterText(cluster)}` : '';
  return [
    { title: `limits${of}, for each sidecar`, rows: limitRows(cluster.limits) },
    {
      title: `connections${of}`,
      rows: [
        row('connect timeout', cluster.connectTimeoutMs, timeText),
        row('idle timeout', cluster.idleTimeoutMs, timeText),
        row('protocol', cluster.protocol, String),
        ...(cluster.protocol.value === 'http1'
          ? []
          : [row('requests at once on one', cluster.streams, limitText)]),
        ...(cluster.keepalive.value === null ? [] : [row('keepalive', cluster.keepalive, keepaliveText)]),
        row('TLS', cluster.tls, (mode) => tlsWords[mode]),
        ...tlsVersionRows(cluster.tlsVersions),
        ...(cluster.tls.value === 'off' || cluster.identities.value.length === 0
          ? []
          : [row('server has to be', cluster.identities, (names) => names.join(', '))]),
      ],
    },
    { title: `outlier detection${of}`, ...outlierRows(cluster.outlierDetection) },
    {
      title: `hosts${of}`,
      rows: [
        ...(cluster.selects === undefined
          ? []
          : [
              row(
                'subset of',
                cluster.selects,
                (labels) =>
                  Object.entries(labels)
                    .map(([name, value]) => `${name}=${value}`)
                    .join(', ') || 'all',
              ),
            ]),
        row('balancing', cluster.balancing, String),
        row('zones', cluster.locality, (mode) => localityWords[mode]),
        ...zoneRows(cluster),
        row('panic below', cluster.panicThreshold, (share) =>
          share === 0 ? 'never' : `${shareText(share)} healthy`,
        ),
      ],
    },
  ];
}

function row<T>(what: string, { value, from }: Told<T>, text: (value: T) => string): Row {
  return { what, value: text(value), from };
}

const limitRows = ({
  connections,
  pending,
  requests,
  retries,
  requestsPerConnection,
}: Limits): readonly Row[] => [
  row('connections', connections, limitText),
  row('waiting requests', pending, limitText),
  row('requests', requests, limitText),
  row('retries', retries, limitText),
  row('requests per connection', requestsPerConnection, limitText),
];

function outlierRows(outlier: OutlierDetection | undefined): Pick<Section, 'rows' | 'note'> {
  if (outlier === undefined) return { rows: [], note: 'none: no host is ever ejected' };
  const counted = (count: number) => (count === 0 ? 'not counted' : `${count} in a row`);
  return {
    rows: [
      row('answers of 500 and above', outlier.consecutiveErrors, counted),
      row('answers 502, 503, 504', outlier.consecutiveGatewayErrors, counted),
      outlier.splitLocalOrigin.value
        ? row('failed connections, timeouts', outlier.consecutiveLocalOrigin, counted)
        : row('failed connections, timeouts', outlier.splitLocalOrigin, () => 'count as answers'),
      row('looked at each', outlier.intervalMs, durationText),
      row('ejected for', outlier.baseEjectionMs, durationText),
      row('at most', outlier.longestEjectionMs, durationText),
      row('ejected at once', outlier.mostEjected, (share) => `at most ${shareText(share)}`),
    ],
  };
}

function zoneRows({ zones, locality: mode }: Cluster): readonly Row[] {
  if (zones.length === 0) return [{ what: '', value: 'there are no hosts' }];
  const total = zones.reduce((sum, { weight, hosts }) => sum + (hosts.length === 0 ? 0 : (weight ?? 0)), 0);
  return zones.map(({ locality, priority, weight, hosts }) => ({
    what: `   ${locality === '' ? 'no locality' : locality}`,
    value:
      hosts.length === 0
        ? 'all hosts taken out'
        : [
            plural(hosts.length, 'host'),
            `priority ${priority}`,
            ...(weight !== undefined && total > 0 && mode.value === 'distribute'
              ? [shareText(weight / total)]
              : []),
          ].join(', '),
  }));
}

const tlsVersionRows = (versions: TlsVersions | undefined): readonly Row[] =>
  versions === undefined
    ? []
    : [row('TLS from', versions.least, String), row('TLS up to', versions.most, String)];

function inboundSections(inbound: Inbound): readonly Section[] {
  const {
    port,
    limits,
    mostConnections,
    accepts,
    tlsVersions,
    filters,
    connectTimeoutMs,
    idleTimeoutMs,
    appKeepsMs,
  } = inbound;
  return [
    {
      title: `port ${port}`,
      rows: [
        row('takes', accepts, (mode) => acceptsWords[mode]),
        ...tlsVersionRows(tlsVersions),
        row('connect timeout to the app', connectTimeoutMs, timeText),
        row('idle timeout to the app', idleTimeoutMs, timeText),
        ...(appKeepsMs === undefined ? [] : [row('idle timeout of the app', appKeepsMs, timeText)]),
      ],
    },
    {
      title: 'limits, for all callers together',
      rows: [
        ...(mostConnections === undefined
          ? []
          : [row('connections that it takes', mostConnections, limitText)]),
        ...limitRows(limits),
      ],
    },
    ...(filters.length === 0 ? [] : [{ title: 'filters before the app', rows: filters.flatMap(filterRows) }]),
  ];
}

const ruleRow = (rule: Rule): Row => ({
  what: `calls of ${rule.caller ?? 'anybody else'}${rule.network === undefined ? '' : ` in ${rule.network}`}`,
  value: ruleText(rule),
  from: rule.from,
});

function filterRows(filter: Filter): readonly Row[] {
  switch (filter.kind) {
    case 'authorization': {
      const what = { allow: 'allows only', deny: 'denies', log: 'logs' }[filter.action];
      const label = `${what}${filter.dryRun ? ' (dry run)' : ''}`;
      if (filter.rules !== undefined && filter.rules.length > 0) return filter.rules.map(ruleRow);
      return filter.policies.length === 0
        ? [{ what: label, value: 'nothing' }]
        : filter.policies.map(({ id, resource, from }) => ({
            what: label,
            value: resource === undefined ? id : resource.name,
            from,
          }));
    }
    case 'cache':
      return [
        {
          what: 'cache',
          value: `keeps answers; of alike requests at once ${filter.joins ? 'one asks' : 'each asks'}`,
          from: filter.from,
        },
      ];
    case 'rate-limit': {
      const { limit, match, idle, from } = filter;
      const what = match === undefined ? 'rate limit' : `rate limit of ${conditionsText(match)}`;
      return [
        { what, value: limit ?? 'asks a rate limit service', from },
        ...(idle === undefined ? [] : [{ what: '   refuses nobody', value: idle.why, from: idle.from }]),
      ];
    }
    default:
      return [
        {
          what: filter.kind === 'other' ? 'filter' : filter.kind.replace('-', ' '),
          value: filter.name,
          from: filter.from,
        },
      ];
  }
}

/** Which requests are reported as traces; none where nobody takes any. */
function tracingSection(tracing: Tracing | undefined): readonly Section[] {
  if (tracing === undefined) return [];
  const title = 'traces';
  const { sampled, provider, off } = tracing;
  if (off !== undefined) {
    const rows = off.settings.map((from): Row => ({ what: from.path, value: from.written ?? '', from }));
    return [{ title, rows, note: `none: ${off.why}` }];
  }
  return [
    {
      title,
      rows: [
        row('of what brings no decision', sampled, shareText),
        ...(provider === undefined ? [] : [row('reported to', provider, String)]),
      ],
    },
  ];
}

/** What people expect of a mesh and what these settings never do. */
function neverSection(
  { instance }: Sidecar,
  service: string,
  configuration: EffectiveConfiguration,
): readonly Section[] {
  const rows = (['answer', 'overflow', 'ejection', 'failover'] as const).flatMap(
    (expected): readonly Row[] => {
      const reason = reasonOfNever(configuration, { expected, client: instance, service });
      return reason.known ? [{ what: expected, value: reason.cause }] : [];
    },
  );
  return rows.length === 0 ? [] : [{ title: 'never comes', rows }];
}

function unusedSection(unused: readonly Unused[]): readonly Section[] {
  if (unused.length === 0) return [];
  // Several parts of one resource may be of no effect for one reason.
  const rows = new Map<string, Row>(
    unused.map(({ setting, why }) => {
      const row = { what: placeOf(setting), value: `${setting.path}: ${why}` };
      return [`${row.what} ${row.value}`, row];
    }),
  );
  return [{ title: 'written, and not in effect here', rows: [...rows.values()] }];
}

/** What sidecars hold: their calls of each service, then what they take. Replicas of a workload hold the same. */
export function effectiveTables(
  sidecars: readonly Sidecar[],
  configuration: EffectiveConfiguration,
  calledFrom: (sidecar: Sidecar) => readonly string[],
): readonly Table[] {
  const each = sidecars.filter(
    ({ workload }, index) => sidecars.findIndex((other) => other.workload === workload) === index,
  );
  const calls = each.flatMap((sidecar) =>
    calledFrom(sidecar)
      .filter((service) => sidecar.clusters.some((cluster) => cluster.service === service))
      .map((service) => callTable(sidecar, service, configuration)),
  );
  const inbound = each.filter((sidecar) => sidecar.inbound.length > 0).map(inboundTable);
  const gateways = each.flatMap((sidecar) =>
    sidecar.gateway === undefined ? [] : [gatewayTable(sidecar, sidecar.gateway)],
  );
  return mergeTables([...calls, ...inbound, ...gateways]);
}

/** A table in words alone, each row with the line that it comes from, or whose default it is. */
export function toldTable({ who, about, sections }: Table) {
  return {
    who,
    about,
    sections: sections.map(({ title, rows, note }) => ({
      title,
      ...(note === undefined ? {} : { note }),
      rows: rows.map(({ what, value, from }) => ({
        what: what.trim(),
        value,
        ...(from === undefined
          ? {}
          : from.by === 'setting'
            ? { source: placeOf(from) }
            : { from: originText(from) }),
      })),
    })),
  };
}

/** Tables that say the same of several become one of all of them. */
function mergeTables(tables: readonly Table[]): readonly Table[] {
  const merged = new Map<string, Table>();
  for (const table of tables) {
    const key = JSON.stringify([table.about, table.sections]);
    const before = merged.get(key);
    merged.set(key, before === undefined ? table : { ...before, who: `${before.who}, ${table.who}` });
  }
  return [...merged.values()];
}

/** How a table is painted; plain text unless given. */
export interface Paint {
  title(text: string): string;
  heading(text: string): string;
  setting(text: string): string;
  faint(text: string): string;
}

/** Lines of text: columns as wide as what stands in them. */
export function renderTable({ who, about, sections }: Table, paint: Paint): string {
  const rows = sections.flatMap((section) => section.rows).filter(({ from }) => from !== undefined);
  const widest = (text: (row: Row) => string, most: number) =>
    Math.min(most, Math.max(0, ...rows.map((each) => columns(visible(text(each))))));
  const first = widest(({ what }) => what, 44);
  const second = widest(({ value }) => value, 64);
  const lines = sections.flatMap(({ title: heading, rows: inner, note }) => [
    '',
    `  ${paint.heading(heading)}${note === undefined ? '' : `: ${note.replace(/^none: /, 'none, ')}`}`,
    ...inner.map(({ what, value, from }) => {
      const start = `    ${pad(visible(what), first)}  ${visible(value)}`;
      if (from === undefined) return start.trimEnd();
      const padded = `    ${pad(visible(what), first)}  ${pad(visible(value), second)}`;
      const origin = visible(originText(from));
      return `${padded}  ${from.by === 'setting' ? paint.setting(origin) : paint.faint(origin)}`;
    }),
  ]);
  return `${paint.title(`${who}: ${about}`)}\n${lines.slice(lines[0] === '' ? 1 : 0).join('\n')}\n`;
}
