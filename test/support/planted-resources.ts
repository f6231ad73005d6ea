import { type Planted, plantedFile } from './planted.ts';

/** What makes sidecars too slow or too dear. */
type PlantedResources = Planted<'sidecar-resources'>;

export const plantedResources: readonly PlantedResources[] = [
  {
    name: 'a CPU limit too small for the load',
    scenario: 'sidecar-resources',
    fails: 'added-latency',
    args: () => ['--set', 'faults.0.cpu=10m'],
    names: /^fault limit: edge-app has 10m of a processor for each sidecar$/,
    source: /sidecar-resources\.yaml:\d+$/,
  },
  {
    name: 'a filter that costs more than the sidecar itself',
    scenario: 'sidecar-resources',
    fails: 'sidecar-cpu',
    args: (folder) => [
      '--config',
      plantedFile(
        folder,
        'sidecar-resources.yaml',
        (text) => `${text}---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: frontend-lua
  namespace: default
spec:
  workloadSelector: { labels: { app: frontend } }
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_OUTBOUND
        listener:
          filterChain:
            filter:
              name: envoy.filters.network.http_connection_manager
              subFilter: { name: envoy.filters.http.router }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code:
              inline_string: |
                function envoy_on_request(handle)
                  local text = ""
                  for i = 1, 3000 do text = string.sub(text .. tostring(i), -2000) end
                  handle:headers():add("x-signed", tostring(#text))
                end
`,
      ),
    ],
    names: /^EnvoyFilter\/frontend-lua spec\.configPatches\[0\]\.patch: envoy\.filters\.http\.lua/,
    source: /planted\.yaml:\d+$/,
  },
];
