import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import type { Lab } from '../environments/contract.ts';
import { type EnvironmentName, environmentCapabilities, environments } from '../environments/index.ts';
import { OpenLab } from '../experiment/labs.ts';
import { type Planned, planExperiment } from '../experiment/planned.ts';
import { usageError } from '../kit/errors.ts';
import { suggest } from '../kit/nearest.ts';
import type { Progress } from '../kit/terminal.ts';
import { isClient, servedBy } from '../model/topology.ts';
import { refuseUnfit } from '../plan/environments.ts';
import type { Called, LabOptions, RequestOptions, StartedLab } from './contract.ts';

/** A lab as a library has it, and what it is made of. */
export interface OpenedLab {
  readonly started: StartedLab;
  readonly lab: Lab;
}

/** Starts the topology of a scenario in an environment, with its mesh configuration. */
export async function startLabIn(environment: EnvironmentName, options: LabOptions): Promise<OpenedLab> {
  const { scenario, config = [], set = [], progress = () => {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const planned = await planExperiment(scenario, { config, set });
  const { plan, mesh, configuration } = planned;
  await using stack = new AsyncDisposableStack();
  const logs = await mkdtemp(join(tmpdir(), 'breakwater-logs-'));
  stack.defer(() => rm(logs, { recursive: true, force: true }));
  const made = environments[environment](mesh, silentBut(progress), signal);
  const { lab } = stack.use(
    await OpenLab.start(made, `lab of ${plan.name}`, {
      topology: plan.topology,
      configuration,
      runId: `lab-${plan.name}-${randomBytes(4).toString('hex')}`,
      logs,
      progress,
      ongoing: () => {},
      warn: progress,
      signal,
    }),
  );
  const way = wayTo(lab, planned);
  const releases = stack.move();
  return {
    lab,
    started: {
      mesh: lab.mesh,
      lost: lab.lost,
      instances: plan.topology.instances.map(({ name, service, workload, locality, role }) => ({
        name,
        service,
        workload,
        locality,
        role,
      })),
      way,
      fetch: (service, path = '/', options = {}) => send(way(service, options), path, options),
      configure: async (...files) => {
        const changed = await planExperiment(scenario, { config: files, set });
        await lab.configure(changed.configuration);
      },
      break: (fault) => makeFault(lab, environment, options, { ...fault, ...momentIn(planned) }),
      admin: (instance, path) => lab.admin(instance, path, 10_000),
      [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
    },
  };
}

/** What comes of a request; `fetch` itself would send no other Host than that of the address. */
async function send(
  { url, headers }: ReturnType<StartedLab['way']>,
  path: string,
  { method = 'GET', headers: own = {}, body, signal }: RequestOptions,
): Promise<Response> {
  const answer = await request(`${url}${path}`, {
    method: method as Dispatcher.HttpMethod,
    headers: { ...own, ...headers },
    body: body ?? null,
    signal: signal ?? null,
  });
  const all = await answer.body.arrayBuffer();
  const told = new Headers();
  for (const [name, values = []] of Object.entries(answer.headers)) {
    for (const value of [values].flat()) told.append(name, value);
  }
  // These have no body, not even an empty one.
  const bodiless = [204, 205, 304].includes(answer.statusCode);
  return new Response(bodiless ? null : all, { status: answer.statusCode, headers: told });
}

const silentBut = (progress: (step: string) => void): Progress => ({
  step: progress,
  ongoing: () => {},
  status: progress,
  note: progress,
  warn: progress,
  done: () => {},
});

function wayTo(lab: Lab, { plan, mesh }: Planned): StartedLab['way'] {
  const { topology } = plan;
  const clients = topology.instances.filter(isClient).map(({ name }) => name);
  return (service, { port, from = clients[0] ?? '' }: Called = {}) => {
    const services = servedBy(topology);
    const called = services.find(({ name }) => name === service);
    if (called === undefined) {
      const names = services.map(({ name }) => name);
      throw usageError(`${plan.name} has no service ${service}`, suggest(service, names));
    }
    if (!clients.includes(from))
      throw usageError(`${plan.name} has no client ${from}`, suggest(from, clients));
    const asked = port ?? called.port;
    const host = `${mesh.serviceHost(service, topology.namespace)}:${asked}`;
    if (lab.wayIn === undefined) throw new Error('this lab has no way in');
    return lab.wayIn(from, { service, port: asked, host });
  };
}

/** A time that a fault of a scenario may have; one of a lab has none, and its plan is made all the same. */
function momentIn({ plan: { trial } }: Planned): { readonly at: string; readonly for: string } {
  return { at: `${trial.warmupMs + 1_000}ms`, for: '1s' };
}

/** Makes one fault that is planned as that of a scenario; a fault that is made half is taken back. */
async function makeFault(
  lab: Lab,
  environment: EnvironmentName,
  { scenario, config = [], set = [] }: LabOptions,
  fault: Readonly<Record<string, unknown>>,
): Promise<AsyncDisposable> {
  const written = JSON.stringify([fault]);
  const alone = ['changes=', `faults=${written}`, 'checks=[{kind: success-rate, during: run, atLeast: 1%}]'];
  const planned = await planExperiment(scenario, { config, set: [...set, ...alone] });
  const { plan } = planned;
  refuseUnfit(planned, environment, environmentCapabilities, planned.locate);
  await using stack = new AsyncDisposableStack();
  for (const { inject, revert } of plan.trial.faults.flatMap(({ actions }) => actions)) {
    // Also what was only begun.
    stack.defer(() => lab.perform(revert));
    await lab.perform(inject);
  }
  return stack.move();
}
