import type {
  EffectiveConfiguration,
  Inbound,
  Route,
  Setting,
  Sidecar,
  Subject,
  Unused,
} from '../../model/effective.ts';
import { acceptsWords, matchText, shareText, timeText } from '../words.ts';
import { insteadOf, known, named, unknown } from './parts.ts';
import type { AskedFor, NamedSetting, Reason } from './question.ts';
import { type Caller, decisionOn, reasonOfDecision, refusedElsewhere, settingOfRule } from './rules.ts';
import { routesTaken } from './taken.ts';
import { waiting } from './waiting.ts';

/** The caller's sidecar, and the routes of it that may take a request; not known where it was not read. */
function routesOfClient(
  sidecars: readonly Sidecar[],
  question: { readonly client: string; readonly service: string; readonly request?: AskedFor },
): { readonly client: Sidecar; readonly routes: readonly Route[] } | Reason {
  const client = sidecars.find(({ instance }) => instance === question.client);
  if (client === undefined) return unknown(`what the sidecar of ${question.client} held was not read`);
  return { client, routes: routesTaken(client, { ...question, ended: 'answered', side: 'client' }) };
}

/** Which route of the caller's sidecar took a request, and where it leads. */
export function reasonOfRoute(
  { sidecars }: EffectiveConfiguration,
  question: { readonly client: string; readonly service: string; readonly request: AskedFor },
): Reason {
  const taken = routesOfClient(sidecars, question);
  if ('known' in taken) return taken;
  const [route, ...others] = taken.routes;
  if (route === undefined) return known(`No route of the sidecar of ${question.client} takes it.`, []);
  if (others.length > 0) return unknown('which route takes it cannot be told from here');
  const { action, match, from } = route;
  const where =
    action.does === 'forward'
      ? action.to.map(({ place, share }) => (share < 1 ? `${place} (${share * 100} %)` : place)).join(', ') ||
        'nowhere'
      : action.does === 'answer'
        ? `an answer of the sidecar itself: ${action.status}`
        : `a redirect to ${action.to}`;
  return known(
    `The route that takes it, ${matchText(match)}, leads to ${where}.`,
    [{ name: 'route', value: matchText(match), from }],
    insteadOf(taken.client, question.service, 'route'),
  );
}

/** What the route that takes a request says about retries or about the fault that it injects. */
export function reasonOfRouteSetting(
  { sidecars }: EffectiveConfiguration,
  question: {
    readonly client: string;
    readonly service: string;
    readonly request?: AskedFor;
    readonly setting: 'retries' | 'fault';
  },
): Reason {
  const { setting, service } = question;
  const taken = routesOfClient(sidecars, question);
  if ('known' in taken) return taken;
  const { client, routes } = taken;
  const [route, ...others] = routes;
  if (route === undefined || others.length > 0)
    return unknown(`which route of ${question.client} takes the requests cannot be told from here`);
  const instead = insteadOf(client, service, setting, 'route');
  if (setting === 'retries') {
    const { action } = route;
    if (action.does !== 'forward') return unknown('the sidecar answers by itself');
    const { attempts, conditions, perTryTimeoutMs } = action.retries;
    return known(
      `The route that takes the requests to ${service} tries each of them up to ${attempts.value + 1} times.`,
      [
        named('attempts', attempts, String),
        named('retryOn', conditions, (all) => all.join(', ')),
        named('perTryTimeout', perTryTimeoutMs, timeText),
      ],
      instead,
    );
  }
  const { delay, abort } = route.fault;
  if (delay === undefined && abort === undefined)
    return known(
      `The route that takes the requests to ${service}, ${matchText(route.match)}, injects nothing.`,
      [{ name: 'route', value: matchText(route.match), from: route.from }],
      instead,
    );
  const hitsNobody = [delay, abort].every((each) => each === undefined || each.value.share === 0);
  return known(
    hitsNobody
      ? `The fault of the route that takes the requests to ${service} hits none of them: without a percentage it is for 0 %.`
      : `The route that takes the requests to ${service} injects what its fault says.`,
    [
      ...(delay === undefined
        ? []
        : [named('delay', delay, ({ ms, share }) => `${timeText(ms)} for ${shareText(share)}`)]),
      ...(abort === undefined
        ? []
        : [named('abort', abort, ({ status, share }) => `${status} for ${shareText(share)}`)]),
    ],
    instead,
  );
}

/** What lets callers wait for longer than that for a host that never answers; not known where something ends it. */
export function reasonOfWaiting(
  { sidecars }: EffectiveConfiguration,
  question: {
    readonly client: string;
    readonly service: string;
    readonly request?: AskedFor;
    readonly withinMs: number;
  },
): Reason {
  const taken = routesOfClient(sidecars, question);
  if ('known' in taken) return taken;
  const { client, routes } = taken;
  return (
    waiting({ client, service: question.service, routes, withinMs: question.withinMs }) ??
    unknown(`requests to ${question.service} do not wait for so long`)
  );
}

/** What a server's sidecar holds that could have refused a request, and why it let it pass. */
export function reasonOfPassing(
  { sidecars }: EffectiveConfiguration,
  {
    service,
    port,
    plaintext,
    caller,
    request,
    server: reached,
  }: {
    readonly service: string;
    readonly port: number;
    readonly plaintext: boolean;
    /** Who asked, and for what, where that is known. */
    readonly caller?: Caller;
    readonly request?: AskedFor;
    /** Instance that it came to, where that is known. */
    readonly server?: string;
  },
): Reason {
  const [server, inbound] = inboundOf(sidecars, service, port, reached);
  if (server === undefined || inbound === undefined)
    return unknown(`what the sidecars of ${service} held was not read`);
  const decision =
    caller === undefined || request === undefined ? undefined : decisionOn(inbound.filters, caller, request);
  if (caller !== undefined && decision?.rule.does === 'allow')
    return reasonOfDecision(decision, caller, service);
  const elsewhere = caller && decision === undefined ? refusedElsewhere(inbound.filters, caller) : [];
  if (caller?.network !== undefined && elsewhere.length > 0) {
    return known(
      `What ${service} refuses is for callers in ${server.network}, and ${caller.service} calls from ${caller.network}, of whom nothing is said.`,
      elsewhere.map(settingOfRule),
    );
  }
  const accepts = named('mtls.mode', inbound.accepts, (value) => acceptsWords[value]);
  const policies = inbound.filters.flatMap((filter) =>
    filter.kind === 'authorization' && !filter.dryRun
      ? filter.policies.map(
          ({ id, resource, from }): NamedSetting => ({
            name: resource?.name ?? id,
            value: filter.action === 'allow' ? 'ALLOW' : 'DENY',
            from,
          }),
        )
      : [],
  );
  if (plaintext) {
    const takes = `The sidecar of ${service} takes ${acceptsWords[inbound.accepts.value]}`;
    return known(
      policies.length === 0
        ? `${takes}.`
        : `${takes}, and no policy there refuses this: who speaks plaintext has no identity that a policy could name.`,
      [accepts, ...policies],
      [
        ...nowhere(sidecars, server, 'tls'),
        ...(policies.length === 0 ? nowhere(sidecars, server, 'authorization') : []),
      ],
    );
  }
  if (policies.length === 0)
    return known(
      `No policy is in effect at ${service}: whoever speaks with its sidecar may ask anything.`,
      [accepts],
      nowhere(sidecars, server, 'authorization'),
    );
  const caveats = inbound.filters.flatMap((filter) =>
    filter.kind === 'authorization' && filter.action === 'deny'
      ? filter.policies.flatMap((policy) => policy.caveat ?? [])
      : [],
  );
  return known(
    [
      `No policy at ${service} refuses it: a request passes when one rule of an ALLOW policy fits it and no rule of a DENY policy does; the rules of one policy are alternatives.`,
      ...caveats,
    ].join(' '),
    policies,
  );
}

/** What is written, and in effect at no server at all: one that was meant for this one would be among it. */
function nowhere(sidecars: readonly Sidecar[], server: Sidecar, about: Subject): readonly Unused[] {
  const servers = sidecars.filter(({ inbound }) => inbound.length > 0);
  const nameOf = ({ resource: { kind, namespace, name } }: Setting) => `${kind} ${namespace}/${name}`;
  // Of one resource a part may lie idle here and all of it there.
  const lies = (sidecar: Sidecar, setting: Setting) =>
    sidecar.unused.some(
      (each) =>
        each.side === 'server' &&
        nameOf(each.setting) === nameOf(setting) &&
        setting.path.startsWith(each.setting.path),
    );
  return server.unused.filter(
    (each) =>
      each.side === 'server' &&
      each.about === about &&
      servers.every((sidecar) => lies(sidecar, each.setting)),
  );
}

/** Why a server's sidecar would not speak plaintext. */
export function reasonOfPlaintextRefused(
  { sidecars }: EffectiveConfiguration,
  { service, port }: { readonly service: string; readonly port: number },
): Reason {
  const [, inbound] = inboundOf(sidecars, service, port);
  if (inbound === undefined) return unknown(`what the sidecars of ${service} held was not read`);
  return known(`The sidecar of ${service} takes ${acceptsWords[inbound.accepts.value]}.`, [
    named('mtls.mode', inbound.accepts, (value) => acceptsWords[value]),
  ]);
}

/** Why calls that go past the caller's sidecar, and so come without mTLS, are refused; not known where they may not be. */
export function reasonOfGoingPast(
  { sidecars }: EffectiveConfiguration,
  { caller, service, port }: { readonly caller: string; readonly service: string; readonly port: number },
): Reason {
  const [, inbound] = inboundOf(sidecars, service, port);
  if (inbound === undefined) return unknown(`what the sidecars of ${service} held was not read`);
  if (inbound.accepts.value !== 'mtls') return unknown(`the sidecar of ${service} takes plaintext`);
  return known(
    `Requests of ${caller} to ${service} went past the sidecar of ${caller}, so that they came in plaintext, and the sidecar of ${service} takes ${acceptsWords[inbound.accepts.value]}.`,
    [named('mtls.mode', inbound.accepts, (value) => acceptsWords[value])],
  );
}

function inboundOf(
  sidecars: readonly Sidecar[],
  service: string,
  port: number,
  instance?: string,
): readonly [Sidecar | undefined, Inbound | undefined] {
  const servers = sidecars.filter((sidecar) => sidecar.service === service && sidecar.inbound.length > 0);
  const server = servers.find((sidecar) => sidecar.instance === instance) ?? servers[0];
  return [server, server?.inbound.find((each) => each.port === port) ?? server?.inbound[0]];
}
