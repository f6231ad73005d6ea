import { quote, suggest } from '../kit/nearest.ts';
import type { Mistake } from '../kit/problems.ts';
import { mistakeInPort } from '../model/ports.ts';
import { portsOf } from '../model/topology.ts';
import { clientsIn } from '../scenario/loads.ts';
import type { Scenario } from '../scenario/schema.ts';

/** One request becomes no more calls than that: each of them is as much work for the mesh as the request itself. */
const mostCalls = 100;

type Services = Scenario['topology']['services'];

/** What is wrong with the calls that apps make onward. */
export function mistakesInCalls(scenario: Scenario): Mistake[] {
  const { services } = scenario.topology;
  const clients = clientsIn(scenario);
  const names = Object.keys(services);
  const found = Object.entries(services).flatMap(([name, { app }]) =>
    callsIn(app).flatMap(({ list, index, call }): Mistake[] => {
      const { to } = call;
      const path = ['topology', 'services', name, 'app', list, index];
      const wrong = (message: string, hint?: string): Mistake[] => [
        { path: [...path, 'to'], at: 'value', message, hint },
      ];
      if (clients.has(name)) {
        const message = `${quote(name)} sends loads or probes and runs no app that could call`;
        return wrong(message, 'a service sends or answers');
      }
      if (!Object.hasOwn(services, to))
        return wrong(`there is no service ${quote(to)} in the topology`, suggest(to, names));
      if (clients.has(to))
        return wrong(`${quote(to)} sends loads or probes and runs no app`, 'a service sends or answers');
      if (to === name) return wrong('an app that calls its own service never answers', 'call another one');
      const called = services[to];
      const noPort = mistakeInPort(call, called && portsOf(called));
      return noPort ? [{ ...noPort, path: [...path, 'port'] }] : [];
    }),
  );
  if (found.length > 0) return found;
  const circles = [
    ...mistakesOfCircles(
      services,
      'calls',
      'a request would never be answered; leave one of these calls out',
    ),
    ...mistakesOfCircles(services, 'startCalls', 'none of them could start; leave one of these calls out'),
  ];
  return circles.length > 0 ? circles : tooManyCalls(services);
}

/** The two lists of calls of an app. */
type List = 'calls' | 'startCalls';

const callsIn = (app: Services[string]['app']) =>
  (['calls', 'startCalls'] as const).flatMap((list) =>
    app[list].map((call, index) => ({ list, index, call })),
  );

/** A mistake for each call that leads back to where it comes from. */
function mistakesOfCircles(services: Services, list: List, hint: string): Mistake[] {
  const done = new Set<string>();
  const found: Mistake[] = [];
  const walk = (name: string, way: readonly string[]) => {
    for (const [index, { to }] of (services[name]?.app[list] ?? []).entries()) {
      const begin = way.indexOf(to);
      if (begin >= 0) {
        found.push({
          path: ['topology', 'services', name, 'app', list, index, 'to'],
          at: 'value',
          message: `the calls go round in a circle: ${[...way.slice(begin), to].join(' → ')}`,
          hint,
        });
      } else if (!done.has(to)) walk(to, [...way, to]);
    }
    done.add(name);
  };
  for (const name of Object.keys(services)) if (!done.has(name)) walk(name, [name]);
  return found;
}

/** How many calls one request for a service becomes; only where they go round in no circle. */
function callsOf(name: string, services: Services, known: Map<string, number>): number {
  const before = known.get(name);
  if (before !== undefined) return before;
  const calls = services[name]?.app.calls ?? [];
  const all = calls.reduce((sum, { to }) => sum + 1 + callsOf(to, services, known), 0);
  known.set(name, all);
  return all;
}

function tooManyCalls(services: Services): Mistake[] {
  const known = new Map<string, number>();
  return Object.keys(services)
    .filter((name) => callsOf(name, services, known) > mostCalls)
    .slice(-1)
    .map((name) => ({
      path: ['topology', 'services', name, 'app', 'calls'],
      at: 'key',
      message: `one request for ${name} becomes ${callsOf(name, services, known)} calls, at most ${mostCalls} are allowed`,
      hint: 'every call of a call counts; leave some out',
    }));
}
