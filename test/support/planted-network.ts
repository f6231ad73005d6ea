import type { PlantedText } from './defects.ts';

/** The part of the configuration that asks open connections whether the other side is still there. */
const keepalive = `                  connection_keepalive:
                    interval: 0.3s
                    timeout: 0.5s
`;

/** Mistakes with which nobody notices in time that the network has failed. */
export const plantedNetwork: readonly PlantedText[] = [
  {
    name: 'no connect timeout',
    scenario: 'network-faults',
    fails: 'success-rate',
    change: ['      tcp:\n        connectTimeout: 500ms\n', ''],
    names: /^connectTimeout: 10 s \(default of Istio\)$/,
  },
  {
    name: 'a connect timeout that nobody lives to see',
    scenario: 'network-faults',
    fails: 'success-rate',
    change: ['connectTimeout: 500ms', 'connectTimeout: 8s'],
    names: /^DestinationRule\/orders-dr spec\.trafficPolicy\.connectionPool\.tcp\.connectTimeout: 8s$/,
  },
  {
    name: 'keepalive missing',
    scenario: 'network-faults',
    fails: 'success-rate',
    change: [`http2_protocol_options:\n${keepalive}`, 'http2_protocol_options: {}\n'],
    names: /^connection_keepalive: not set/,
  },
  {
    name: 'without outlierDetection',
    scenario: 'network-faults',
    fails: 'time-to-eject',
    change: [
      `    outlierDetection:
      consecutive5xxErrors: 5
      interval: 500ms
      baseEjectionTime: 1s
      maxEjectionPercent: 50
`,
      '',
    ],
    names: /^outlierDetection: not set/,
  },
];
