import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './breakwater.ts';
import type { PlantedText } from './defects.ts';

/** The configuration of a scenario from the first patch on that puts a filter of this name in. */
function writtenFrom(scenario: string, filter: string): string {
  const text = readFileSync(join(root, 'scenarios/mesh', `${scenario}.yaml`), 'utf8');
  return text.slice(text.indexOf(`name: ${filter}\n`));
}

const cachePatch = writtenFrom('response-caching', 'envoy.filters.http.header_mutation');
const cacheFilter = writtenFrom('request-deduplication', 'envoy.filters.http.cache_v2');

/** A filter in the sidecars of edge-app that writes over what its answers say of caches. */
const cacheControl = (value: string) => `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: edge-app-headers }
spec:
  workloadSelector: { labels: { app: edge-app } }
  configPatches:
    - applyTo: HTTP_FILTER
      match: { context: SIDECAR_INBOUND }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.header_mutation
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
            mutations:
              response_mutations:
                - append:
                    append_action: OVERWRITE_IF_EXISTS
                    header: { key: cache-control, value: ${value} }
`;

/** Mistakes in filters that an EnvoyFilter puts into sidecars. */
export const plantedFilters: readonly PlantedText[] = [
  {
    name: 'a limit on what the service calls, in place of what comes to it',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['context: SIDECAR_INBOUND', 'context: SIDECAR_OUTBOUND'],
    names:
      /^EnvoyFilter\/edge-app-limits spec\.configPatches\[0\]\.match\.context is not in effect: it is for what edge-app calls;/,
  },
  {
    name: 'a limit for gateways',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['context: SIDECAR_INBOUND', 'context: GATEWAY'],
    names:
      /^EnvoyFilter\/edge-app-limits spec\.configPatches\[0\]\.match\.context is not in effect: it is for gateways/,
  },
  {
    name: 'a limit for workloads that are not there',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['app: edge-app', 'app: edge'],
    names:
      /^EnvoyFilter\/edge-app-limits spec\.workloadSelector is not in effect: it selects workloads with app=edge/,
  },
  {
    name: 'a limit that is not enforced',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['            filter_enforced:\n              default_value: { numerator: 100 }\n', ''],
    names: /^EnvoyFilter\/edge-app-limits .*token_bucket: filter_enforced is not set/,
  },
  {
    name: 'a limit that is enabled for nobody',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: [
      'filter_enabled:\n              default_value: { numerator: 100 }',
      'filter_enabled:\n              default_value: { numerator: 0 }',
    ],
    names: /^EnvoyFilter\/edge-app-limits .*filter_enabled: filter_enabled is for 0 % of the requests/,
  },
  {
    name: 'a descriptor that no action asks for',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['descriptor_key: plan', 'descriptor_key: x-plan'],
    names:
      /^EnvoyFilter\/edge-app-limits .*descriptors\[2\]\.token_bucket: no action of rate_limits asks for plan=free/,
  },
  {
    name: 'actions at a port that the service does not have',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['inbound|http|8080', 'inbound|http|80'],
    names: /^EnvoyFilter\/edge-app-limits .*token_bucket: no action of rate_limits asks for path=\/search/,
  },
  {
    name: 'a descriptor for another value',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: ['value: free', 'value: freemium'],
    names: /^EnvoyFilter\/edge-app-limits .*descriptors\[2\]\.token_bucket: 5 each 1s/,
  },
  {
    name: 'a limit that was meant for all replicas together',
    scenario: 'rate-limiting',
    fails: 'proportion',
    change: [
      'max_tokens: 10\n                  tokens_per_fill: 10',
      'max_tokens: 20\n                  tokens_per_fill: 20',
    ],
    names: /^EnvoyFilter\/edge-app-limits .*descriptors\[0\]\.token_bucket: 20 each 1s/,
  },
  {
    name: 'a bucket that holds no burst',
    scenario: 'rate-limiting',
    fails: 'error-count',
    change: [
      'max_tokens: 100\n              tokens_per_fill: 100\n              fill_interval: 1s',
      'max_tokens: 2\n              tokens_per_fill: 2\n              fill_interval: 0.05s',
    ],
    names: /^EnvoyFilter\/edge-app-limits .*typed_config\.token_bucket: 2 each 0\.05/,
  },
  {
    name: 'private answers cached, since something writes over what they say',
    scenario: 'response-caching',
    fails: 'expectations',
    change: ['# The client', `${cacheControl('max-age=60')}---\n# The client`],
    names:
      /^EnvoyFilter\/edge-app-headers spec\.configPatches\[0\]\.patch: envoy\.filters\.http\.header_mutation/,
  },
  {
    name: 'a key without the query',
    scenario: 'response-caching',
    fails: 'expectations',
    change: ['remove: utm_source', 'remove: page'],
    names:
      /^EnvoyFilter\/frontend-cache spec\.configPatches\[0\]\.patch: envoy\.filters\.http\.header_mutation/,
  },
  {
    name: 'answers kept for longer than they allow',
    scenario: 'response-caching',
    fails: 'answer-age',
    change: ['# The client', `${cacheControl('max-age=6')}---\n# The client`],
    names:
      /^EnvoyFilter\/edge-app-headers spec\.configPatches\[0\]\.patch: envoy\.filters\.http\.header_mutation/,
  },
  {
    name: 'a cache for what comes to the caller',
    scenario: 'response-caching',
    fails: 'cache-hits',
    change: [cachePatch, cachePatch.replace('SIDECAR_OUTBOUND', 'SIDECAR_INBOUND')],
    names:
      /^EnvoyFilter\/frontend-cache spec\.configPatches\[1\]\.match\.context is not in effect: it is for what comes to frontend;/,
  },
  {
    name: 'a cache in which alike requests do not wait for each other',
    scenario: 'request-deduplication',
    fails: 'origin-requests',
    change: [
      cacheFilter,
      cacheFilter
        .replaceAll('cache_v2', 'cache')
        .replace('CacheV2Config', 'CacheConfig')
        .replace('SimpleHttpCacheV2Config', 'SimpleHttpCacheConfig'),
    ],
    names: /^EnvoyFilter\/frontend-cache spec\.configPatches\[0\]\.patch: cache/,
  },
  {
    name: 'a cache for another caller',
    scenario: 'request-deduplication',
    fails: 'origin-requests',
    change: ['app: frontend', 'app: front-end'],
    names:
      /^EnvoyFilter\/frontend-cache spec\.workloadSelector is not in effect: it selects workloads with app=front-end/,
  },
];
