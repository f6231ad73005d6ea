import { valueAt } from '../../../kit/path.ts';
import type { NamedMatch, Policy, RouteMatch, Rule, TextMatch } from '../../../model/effective.ts';
import type { Instance } from '../../../model/topology.ts';
import { type Place, settingAt, within, writtenAt } from '../../told.ts';
import { listAt, textAt } from '../entries/written.ts';
import { type EntriesUnderTest, fieldOf } from './entries.ts';

/** Consul makes one policy of all intentions for connections, and one for each source with permissions. */
export function policyOf(id: string, service: string, under: EntriesUnderTest): Policy {
  const entry = under.of('service-intentions', service) ?? under.of('service-intentions', '*');
  if (entry === undefined) return { id, resource: undefined, from: { by: 'unknown', maybe: [] } };
  const { kind, namespace, name } = entry.resource;
  return { id, resource: { kind, namespace, name }, from: settingAt(fieldOf(entry, 'Sources') ?? entry) };
}

/**
 * What intentions say of calls of a service, in the order in which Consul goes by it: those for the service before those
 * for all, and sources by their name before the one for whoever else. Of a source with permissions the first that fits
 * decides, and what none fits is let in. A source that names no peer is for callers of the server's own network alone,
 * be it for all of them.
 */
export function rulesOf(
  { service, network }: Pick<Instance, 'service' | 'network'>,
  under: EntriesUnderTest,
): readonly Rule[] {
  return [service, '*'].flatMap((name) => {
    const entry = under.of('service-intentions', name);
    const sources = listAt(entry && writtenAt(entry), ['Sources']).flatMap((source, index) => {
      const place = fieldOf(entry, 'Sources', index);
      return place === undefined ? [] : [{ place, whose: callersIn(source, network) }];
    });
    const ofAnybody = ({ whose }: { readonly whose: Callers }) => whose.caller === undefined;
    return [...sources.filter((each) => !ofAnybody(each)), ...sources.filter(ofAnybody)].flatMap(
      ({ place, whose }) => rulesIn(place, whose),
    );
  });
}

type Callers = Pick<Rule, 'caller' | 'network'>;

function callersIn(source: unknown, own: string | undefined): Callers {
  const name = valueAt(source, ['Name']);
  const network = textAt(source, ['Peer']) ?? own;
  return {
    caller: typeof name === 'string' && name !== '*' ? name : undefined,
    ...(network === undefined ? {} : { network }),
  };
}

function rulesIn(source: Place, whose: Callers): readonly Rule[] {
  const permissions = listAt(writtenAt(source), ['Permissions']);
  if (permissions.length === 0) {
    return [{ ...whose, does: actionIn(writtenAt(source)), match: undefined, from: settingAt(source) }];
  }
  return [
    ...permissions.map((permission, index) => ({
      ...whose,
      does: actionIn(permission),
      match: matchOf(valueAt(permission, ['HTTP']), valueAt(permission, ['JWT']) !== undefined),
      from: settingAt(within(source, 'Permissions', index)),
    })),
    {
      ...whose,
      does: 'allow',
      match: undefined,
      rest: true,
      from: settingAt(within(source, 'Permissions')),
    },
  ];
}

const actionIn = (of: unknown): Rule['does'] => (valueAt(of, ['Action']) === 'deny' ? 'deny' : 'allow');

/** Which requests a permission is for; a token is nothing that can be told from here. */
function matchOf(http: unknown, byToken: boolean): RouteMatch {
  const methods = listAt(http, ['Methods']).map(String);
  const [method] = methods;
  return {
    path: (['PathExact', 'PathPrefix', 'PathRegex'] as const)
      .map((field) => textIn(http, field))
      .find((path) => path !== undefined) ?? { kind: 'prefix', value: '/' },
    headers: [
      ...(method === undefined
        ? []
        : [
            methods.length === 1
              ? ({ name: ':method', kind: 'exact', value: method } as const)
              : ({ name: ':method', kind: 'regex', value: methods.join('|') } as const),
          ]),
      ...listAt(http, ['Header']).map(headerIn),
    ],
    query: [],
    ...(byToken ? { more: true as const } : {}),
  };
}

const kindsOfText = {
  PathExact: 'exact',
  PathPrefix: 'prefix',
  PathRegex: 'regex',
  Exact: 'exact',
  Prefix: 'prefix',
  Suffix: 'suffix',
  Regex: 'regex',
} as const satisfies Record<string, TextMatch['kind']>;

function textIn(of: unknown, field: keyof typeof kindsOfText): TextMatch | undefined {
  const value = valueAt(of, [field]);
  return typeof value === 'string' && value !== '' ? { kind: kindsOfText[field], value } : undefined;
}

function headerIn(header: unknown): NamedMatch {
  const text = (['Exact', 'Prefix', 'Suffix', 'Regex'] as const)
    .map((field) => textIn(header, field))
    .find((each) => each !== undefined) ?? { kind: 'present' as const, value: '' };
  return {
    name: String(valueAt(header, ['Name'])),
    ...text,
    ...(valueAt(header, ['Invert']) === true ? { not: true as const } : {}),
  };
}
