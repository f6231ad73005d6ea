import type { Mutation } from './mutations.ts';

const shop = 'topology.services.shop';
/** A defect of the scenario's own settings: mesh configuration has none for them. */
const set = (name: string, fails: string, path: string, value: string, names: RegExp): Mutation => ({
  name,
  scenario: 'restart-order',
  fails,
  names,
  args: () => ['--set', `${shop}.${path}=${value}`],
});

/** The classic first and last requests that fail when a replica is restarted. */
export const plantedRestarts: readonly Mutation[] = [
  set(
    'an app that is there before its sidecar',
    'success-rate',
    'sidecar.holdsApp',
    'false',
    /^topology\.services\.shop\.sidecar\.holdsApp: false$/,
  ),
  set(
    'a sidecar that ends at once',
    'success-rate',
    'sidecar.drain',
    '0s',
    /^topology\.services\.shop\.sidecar\.drain: 0s$/,
  ),
  set(
    'a sidecar that ends before its requests',
    'success-rate',
    'sidecar.drain',
    '100ms',
    /^topology\.services\.shop\.sidecar\.drain: 0\.1s$/,
  ),
  set(
    'an app that closes its port at once',
    'success-rate',
    'app.drain',
    '0s',
    /^topology\.services\.shop\.app\.drain: 0s$/,
  ),
];
