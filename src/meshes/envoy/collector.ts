/**
 * By what name sidecars call whoever takes their spans, and on which port of it: a service of the mesh like any other,
 * but without a sidecar of its own.
 */
export const COLLECTOR = { host: 'collector.breakwater.internal', port: 9_411 } as const;
