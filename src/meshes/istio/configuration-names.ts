/** Names that people write, from other versions, other meshes or talk, and Istio's own for them. */
const otherNames: Readonly<Record<string, string>> = {
  circuitBreaker: 'outlierDetection',
  circuitBreakers: 'outlierDetection',
  outlierEjection: 'outlierDetection',
  healthCheck: 'outlierDetection',
  consecutive5xx: 'consecutive5xxErrors',
  consecutiveServerErrors: 'consecutive5xxErrors',
  consecutiveGatewayFailure: 'consecutiveGatewayErrors',
  consecutiveGatewayFailures: 'consecutiveGatewayErrors',
  consecutiveLocalOriginErrors: 'consecutiveLocalOriginFailures',
  maxPendingRequests: 'http1MaxPendingRequests',
  maxRequests: 'http2MaxRequests',
  minHealthyPercent: 'minHealthPercent',
  ejectionTime: 'baseEjectionTime',
  localityLbSettings: 'localityLbSetting',
  localityLoadBalancing: 'localityLbSetting',
  loadBalancing: 'loadBalancer',
  lbPolicy: 'loadBalancer',
  algorithm: 'simple',
  retry: 'retries',
  retryPolicy: 'retries',
  faultInjection: 'fault',
  faults: 'fault',
  mutualTLS: 'mtls',
  mutualTls: 'mtls',
  routes: 'route',
  serviceName: 'host',
  hostname: 'host',
  labels: 'matchLabels',
  principal: 'principals',
  source: 'from',
};

/** Istio's name for a field that people know by another one; `fields` are those allowed in that place. */
export function knownByAnotherName(
  name: string,
  fields: readonly string[],
): { readonly field: string; readonly hint: string } | undefined {
  const field = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  if (field === undefined || !fields.includes(field)) return undefined;
  return { field, hint: `Istio calls this ${field}` };
}

/** Fields that Istio still accepts but that no longer do anything, and what does it now. */
const withoutEffect: Readonly<Record<string, string>> = { consecutiveErrors: 'consecutive5xxErrors' };

/** What to write instead of a field that does nothing. */
export function insteadOf(name: string, fields: readonly string[]): string | undefined {
  const field = Object.hasOwn(withoutEffect, name) ? withoutEffect[name] : undefined;
  return field !== undefined && fields.includes(field) ? field : undefined;
}
