import { environmentError } from '../kit/errors.ts';
import { eventually, notYet, notYetSince, type Ready } from '../kit/eventually.ts';
import { http } from '../kit/http.ts';
import type { Action } from '../model/fault.ts';
import type { Instance } from '../model/topology.ts';

/** The app gives each of its calls five seconds. */
const startCallsTimeoutMs = 30_000;

/** Resolves when an app says that it listens; `control`: "host:port" of its control port. */
export async function appListens(
  { name }: Instance,
  control: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  await eventually(() => ready(control), { waitingFor: `${name}'s app to listen`, ...options });
}

async function ready(control: string): Promise<Ready> {
  try {
    const { status } = await http(`http://${control}/healthz`, { timeoutMs: 1_000 });
    return status === 200 ? undefined : notYet(`its /healthz answers ${status}`);
  } catch (error) {
    return notYetSince(error);
  }
}

/** Sets or clears a fault in the app, through its control port. */
export async function controlApp(
  control: string,
  action: Extract<Action, { do: 'set-fault' | 'clear-fault' }>,
): Promise<void> {
  const url = `http://${control}/faults/${encodeURIComponent(action.id)}`;
  const answer = await http(
    url,
    action.do === 'set-fault'
      ? {
          method: 'PUT',
          body: JSON.stringify(action.behaviour),
          headers: { 'content-type': 'application/json' },
          timeoutMs: 5_000,
        }
      : { method: 'DELETE', timeoutMs: 5_000 },
  );
  if (answer.status >= 300) {
    throw environmentError(
      `${action.target.name} answered ${answer.status} to ${action.do}: ${answer.body.slice(0, 200)}`,
    );
  }
}

/** Makes an app as new for a trial, through its control port. */
export async function prepareApp(instance: Instance, control: string): Promise<void> {
  await seedApp(instance, control);
  await askAgain(instance, control);
}

/** Lets an app that asks others for something at its start ask again: what kept it from that may be over. */
async function askAgain({ app }: Instance, control: string): Promise<void> {
  if (app?.startCalls === undefined) return;
  // Without it, it answers 503 to everything, which is for a load to show.
  await http(`http://${control}/start-calls`, { method: 'PUT', timeoutMs: startCallsTimeoutMs });
}

/** Lets an app draw from its seed anew, through its control port. */
async function seedApp({ name, app }: Instance, control: string): Promise<void> {
  if (app?.seed === undefined) return;
  const answer = await http(`http://${control}/seed`, {
    method: 'PUT',
    body: String(app.seed),
    timeoutMs: 5_000,
  });
  // An app of somebody else may draw nothing.
  if (answer.status < 300 || answer.status === 404) return;
  throw environmentError(`${name} answered ${answer.status} to its seed: ${answer.body.slice(0, 200)}`);
}
