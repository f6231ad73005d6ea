import type { PlantedText } from './defects.ts';

/** Settings of requests where the mesh knows of connections alone, or none. */
export const plantedTcp: readonly PlantedText[] = [
  {
    name: 'a limit of requests for a port of bytes',
    scenario: 'tcp',
    fails: 'overflow',
    change: [
      'maxConnections: 20\n        connectTimeout: 500ms',
      'connectTimeout: 500ms\n      http:\n        http2MaxRequests: 20',
    ],
    names: /^maxConnections: no limit \(default of Istio\)$/,
  },
  {
    name: 'only answers of 502 to 504 count, of which bytes have none',
    scenario: 'tcp',
    fails: 'time-to-eject',
    change: ['consecutive5xxErrors: 3', 'consecutive5xxErrors: 0'],
    names: /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.outlierDetection\.consecutive5xxErrors: 0$/,
  },
];
