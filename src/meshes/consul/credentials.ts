import type { MeshSidecar } from '../contract.ts';
import { dumpedListeners, type TransportSocket } from '../envoy/config-dump.ts';
import { certificatesIn, credentialsOf, handshakesPath } from '../envoy/credentials.ts';

/** Consul writes certificates into the listeners and clusters themselves. */
export const credentials: MeshSidecar['credentials'] = {
  paths: [
    '/certs',
    `/config_dump?${new URLSearchParams({ resource: 'dynamic_listeners', name_regex: 'public_listener.*' })}`,
    handshakesPath,
  ],
  read([certs = '', listeners = '', counters = '']) {
    const [context] = dumpedListeners(listeners.startsWith('{') ? listeners : '{}')
      .flatMap(({ filter_chains }) => filter_chains ?? [])
      .flatMap(({ transport_socket }) => contextOf(transport_socket) ?? []);
    const [certificate] = context?.tls_certificates ?? [];
    const held = credentialsOf({
      certs,
      counters,
      leaf: certificatesIn(certificate?.certificate_chain)[0],
      roots: certificatesIn(context?.validation_context?.trusted_ca),
    });
    return { ...held, reconnects: true };
  },
};

const contextOf = (socket: TransportSocket | undefined) => socket?.typed_config?.common_tls_context;
