import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import { quote } from '../../kit/nearest.ts';
import {
  type Danger,
  isMergeKey,
  mergedMaps,
  type Resolve,
  tooMuchByAliases,
  type YamlDialect,
} from '../../kit/yaml-source.ts';
import { goScalar } from './go-scalars.ts';
import { goTokens } from './go-tokens.ts';
import { documentsOf } from './json-documents.ts';
import { mistakesInTabs } from './tabs.ts';

/** More than this is nothing that a person has written. */
const mostExpanded = 100_000;

/**
 * YAML as kubectl and istiod read it (sigs.k8s.io/yaml). Words such as `yes` mean what they mean there; numbers and
 * keys that people read differently are refused, with what to write instead.
 */
export function goYaml(text: string): YamlDialect {
  const json = documentsOf(text).filter((part) => part.json);
  return {
    mostAliases: 10_000,
    mergesInOrder: true,
    tokens: goTokens,
    takesTag: (tag) => !ofOtherTypes.test(tag),
    read(document, resolve) {
      const begin = document.contents?.range?.[0] ?? 0;
      if (json.some(({ from, to }) => from <= begin && begin < to)) {
        return new Reading(undefined, resolve).read(document);
      }
      const tabs = mistakesInTabs(document, text);
      return tabs.length > 0 ? tabs : new Reading(text, resolve).read(document);
    },
  };
}

/** Tags of values that JSON does not have. */
const ofOtherTypes = /^tag:yaml\.org,2002:(binary|merge|omap|pairs|set|timestamp)$/;

/** Tags that say what a scalar is, whether in quotes or not; with any other it is text. */
const scalarTags: Readonly<Record<string, (value: unknown, source: string) => boolean>> = {
  'tag:yaml.org,2002:int': (value, source) =>
    Number.isInteger(value) && !/[.eE]/.test(source.replace(/^[-+]?0x.*/i, '')),
  'tag:yaml.org,2002:float': (value) => typeof value === 'number',
  'tag:yaml.org,2002:bool': (value) => typeof value === 'boolean',
  'tag:yaml.org,2002:null': (value) => value === null,
};

class Reading {
  /** Undefined for JSON. */
  readonly #text: string | undefined;
  readonly #resolve: Resolve;
  readonly #dangers: Danger[] = [];
  #expanded = 0;

  constructor(text: string | undefined, resolve: Resolve) {
    this.#text = text;
    this.#resolve = resolve;
  }

  read({ contents }: Document): { readonly value: unknown } | readonly Danger[] {
    const value = this.#value(contents, { inFlow: false, inAlias: false });
    if (this.#expanded > mostExpanded) return [{ node: contents, message: tooMuchByAliases }];
    return this.#dangers.length > 0 ? this.#dangers : { value };
  }

  #value(node: unknown, { inFlow, inAlias }: Where): unknown {
    if (inAlias) this.#expanded += 1;
    if (this.#expanded > mostExpanded) return null;
    if (isAlias(node)) {
      this.#name(node, `*${node.source}`);
      return this.#value(this.#resolve(node), { inFlow, inAlias: true });
    }
    if (isNode(node) && node.anchor !== undefined) this.#name(node, `&${node.anchor}`);
    if (isScalar(node)) return this.#scalar(node, inFlow);
    if (isSeq(node)) {
      const within = { inFlow: inFlow || node.flow === true, inAlias };
      return node.items.map((item) => this.#value(item, within));
    }
    if (!isMap(node)) return null;
    const value: Record<string, unknown> = {};
    this.#fill(value, node, { inFlow: inFlow || node.flow === true, inAlias });
    return value;
  }

  /** Puts the fields of a map into a value, one after the other: what is merged replaces what came before. */
  #fill(value: Record<string, unknown>, map: YAMLMap, where: Where): void {
    for (const pair of map.items) {
      if (isMergeKey(pair.key)) {
        for (const merged of mergedMaps(pair.value, this.#resolve).toReversed()) {
          this.#fill(value, merged, { ...where, inAlias: true });
          if (this.#expanded > mostExpanded) return;
        }
      } else {
        value[this.#key(pair, where.inFlow)] = this.#value(pair.value, where);
      }
    }
  }

  #key({ key, value }: YAMLMap['items'][number], inFlow: boolean): string {
    const scalar = this.#resolve(key);
    if (!isScalar(scalar)) return '';
    const name = String(scalar.value);
    const [from, to] = scalar.range ?? [0, 0];
    if (this.#text?.slice(from, to).includes('\n')) {
      this.#refuse(scalar, 'kubectl reads no key of several lines', 'write it on one line');
    }
    if (scalar.type !== 'PLAIN') {
      this.#scalar(scalar, inFlow);
      return name;
    }
    const source = scalar.source ?? name;
    const meant = goScalar(source);
    if (meant !== source && !(typeof meant === 'number' && String(meant) === source)) {
      if (!['true', 'false'].includes(source)) {
        this.#refuse(scalar, `Kubernetes reads the key ${source || '""'} as ${meant}`, inQuotes);
      }
    }
    if (source.endsWith(':') && isNothing(value)) {
      if (inFlow) {
        this.#refuse(
          scalar,
          `Kubernetes takes the colon of ${source} for a part of the name`,
          'put a blank behind it',
        );
      } else {
        const message = `${quote(`${source}:`)} without quotes is a map with a key ${quote(source)}`;
        this.#refuse(scalar, message, inQuotes);
      }
    }
    this.#indicator(scalar, source, inFlow);
    return source;
  }

  #scalar(scalar: Scalar, inFlow: boolean): unknown {
    const source = scalar.source ?? '';
    if (scalar.type === 'QUOTE_DOUBLE') this.#escapes(scalar);
    if (scalar.type === 'PLAIN') this.#indicator(scalar, source, inFlow);
    const isOfType = scalarTags[scalar.tag ?? ''];
    if (isOfType === undefined && scalar.tag !== undefined) return source;
    if (isOfType === undefined && scalar.type !== 'PLAIN') return scalar.value;
    const meant = goScalar(source);
    if (isOfType && !isOfType(meant, source)) this.#refuse(scalar, ...noTag(scalar.tag ?? ''));
    const usual = isOfType && typeof meant === 'number' ? Number(source) : scalar.tag ? meant : scalar.value;
    if (typeof meant === 'boolean' || meant === null) return meant;
    if (typeof meant === 'number' && !Number.isFinite(meant)) {
      this.#refuse(
        scalar,
        `${source} is no number that a resource can have`,
        'put it in quotes where text is meant',
      );
    } else if (
      typeof meant === 'number' &&
      Number.isInteger(meant) &&
      !Number.isSafeInteger(meant) &&
      /^[-+]?[\d_]+$/.test(source)
    ) {
      this.#refuse(
        scalar,
        `${source} is more than every reader of YAML takes exactly`,
        'put it in quotes where text is meant',
      );
    } else if (meant !== usual) {
      const hint =
        typeof meant === 'number' ? `write ${meant}, or put it in quotes where text is meant` : inQuotes;
      this.#refuse(
        scalar,
        `Kubernetes reads ${source} as ${typeof meant === 'number' ? meant : 'text'}, others do not`,
        hint,
      );
    }
    return meant;
  }

  /** JSON has escapes that Go's reader of YAML does not know. */
  #escapes(scalar: Scalar): void {
    const [from, to] = scalar.range ?? [0, 0];
    const [, unread] =
      /(?<!\\)(?:\\\\)*(\\\/|\\u[dD][89a-fA-F][\da-fA-F]{2})/.exec(this.#text?.slice(from, to) ?? '') ?? [];
    if (unread === undefined) return;
    this.#refuse(scalar, `Kubernetes does not read ${unread} in YAML`, 'write the character itself');
  }

  /** Go's reader takes some characters within brackets for marks where others take them for text. */
  #indicator(scalar: Scalar, source: string, inFlow: boolean): void {
    if (inFlow && /^[:?]/.test(source)) {
      this.#refuse(scalar, `Kubernetes does not read ${quote(source)} within brackets`, inQuotes);
    }
  }

  /** The name of an anchor, which in Go's reader ends where others go on. */
  #name(node: unknown, written: string): void {
    if (/^[*&][\w-]+$/.test(written)) return;
    this.#refuse(node, `kubectl reads no name such as ${written}`, 'name it with letters and digits only');
  }

  #refuse(node: unknown, message: string, hint: string): void {
    this.#dangers.push({ node, message, hint });
  }
}

interface Where {
  /** Within [ ] or { }. */
  readonly inFlow: boolean;
  /** Within what an alias stands for, which counts again each time. */
  readonly inAlias: boolean;
}

const inQuotes = 'put it in quotes';
const noTag = (tag: string) => [`this is not what its tag ${tag} says`, 'leave the tag out'] as const;
const isNothing = (node: unknown) => node === null || (isScalar(node) && node.value === null);
