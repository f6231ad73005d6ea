import type { PlantedText } from './defects.ts';
import type { Mutation } from './mutations.ts';

/** Mistakes in the face of a sidecar that is gone. */
export const plantedSidecars: readonly PlantedText[] = [
  {
    name: 'no retries',
    scenario: 'sidecar-out-of-memory',
    fails: 'success-rate',
    // Istio refuses conditions for retries that are never made.
    change: [
      'attempts: 2\n        perTryTimeout: 1s\n        retryOn: connect-failure,reset,refused-stream',
      'attempts: 0',
    ],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.attempts: 0/,
  },
  {
    name: 'retries for answers of the app alone',
    scenario: 'sidecar-out-of-memory',
    fails: 'success-rate',
    change: ['retryOn: connect-failure,reset,refused-stream', 'retryOn: retriable-4xx'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.retryOn: retriable-4xx/,
  },
  {
    name: 'an ejection cap that spares the only one',
    scenario: 'sidecar-out-of-memory',
    fails: 'time-to-eject',
    change: ['maxEjectionPercent: 50', 'maxEjectionPercent: 10'],
    names: /^DestinationRule\/edge-app-dr .*maxEjectionPercent: 10/,
  },
];

/** Ways past the mesh: what sends in plaintext, and what takes it. */
export const plantedWays: readonly Mutation[] = [
  {
    name: 'calls that go past the sidecar',
    scenario: 'no-way-past',
    // On the local lab nothing captures connections, so that none can go past.
    environments: ['docker', 'kind'],
    fails: 'success-rate',
    args: () => ['--set', 'topology.services.shop.bypass=[8080]'],
    names: /^topology\.services\.shop\.bypass: \[8080\]$/,
  },
  {
    name: 'a mesh that takes plaintext',
    scenario: 'no-way-past',
    fails: 'expectations',
    args: () => ['--set', 'mesh.configuration=[]'],
    names: /^mtls\.mode: mTLS and plaintext/,
  },
];
