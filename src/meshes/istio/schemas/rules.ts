import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { fieldSchema, type ResourceSchema } from './contract.ts';

/** Whether a value of a schema keeps a CEL rule; one that cannot be worked out is not kept, as for an API server. */
export type KeepsRule = (rule: string, schema: ResourceSchema, value: unknown) => boolean;

/** Judges values by the CEL rules of custom resource definitions; each rule is compiled when it is first met. */
export function celRules(): KeepsRule {
  const environment = kubernetesCel();
  const compiled = new Map<string, ParseResult>();
  return (rule, schema, value) => {
    const program = compiled.get(rule) ?? environment.parse(rule);
    compiled.set(rule, program);
    try {
      return program({ self: celValue(schema, value) }) === true;
    } catch {
      return false;
    }
  };
}

/** An address as Kubernetes' library for CEL has it. */
class KubernetesUrl {
  readonly scheme: string;

  constructor(scheme: string) {
    this.scheme = scheme;
  }
}

/** CEL with what Kubernetes adds to it, as far as Istio's rules ask for it. */
function kubernetesCel(): Environment {
  const read = (text: string) => {
    const scheme = schemeOf(text);
    if (scheme === undefined) throw new Error(`no address: ${text}`);
    return new KubernetesUrl(scheme);
  };
  return new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })
    .registerType('kubernetes.URL', KubernetesUrl)
    .registerFunction('url(dyn): kubernetes.URL', read)
    .registerFunction('isURL(dyn): bool', (text: string) => schemeOf(text) !== undefined)
    .registerFunction('kubernetes.URL.getScheme(): string', ({ scheme }: KubernetesUrl) => scheme);
}

/**
 * The scheme of what Go's url.ParseRequestURI takes for an address: "" for a path. What has neither a scheme nor
 * a slash at its beginning is none. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library
 */
function schemeOf(text: string): string | undefined {
  if (text.startsWith('/')) return '';
  const [, scheme] = /^([a-z][a-z\d+.-]*):/i.exec(text) ?? [];
  return scheme !== undefined && URL.canParse(text) ? scheme.toLowerCase() : undefined;
}

/** A value as CEL has it, where whole numbers and others are different types. */
function celValue(schema: ResourceSchema | undefined, value: unknown): unknown {
  if (typeof value === 'number') {
    return schema?.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  }
  if (Array.isArray(value)) return value.map((item) => celValue(schema?.items, item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    celValue(schema && fieldSchema(schema, name), field),
  ]);
  return Object.fromEntries(fields);
}
