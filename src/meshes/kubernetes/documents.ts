import { valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import { parseYaml, type YamlDocument } from '../../kit/yaml-source.ts';
import { goYaml } from './go-yaml.ts';
import { mistakesInText } from './text.ts';

/**
 * The documents of a file of mesh configuration as kubectl reads them: empty ones are left out, and lists stand for
 * their items. What kubectl refuses, and what its reader and others take differently, is a problem with its line.
 * Everything that reads mesh configuration reads it here.
 */
export function readKubernetesYaml(
  text: string,
  file: string,
): { readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] } {
  const inText = mistakesInText(text, file);
  // Further down they would only be blamed a second time.
  if (inText.length > 0) return { documents: [], problems: inText };
  const { documents, problems } = parseYaml(text, file, goYaml(text));
  if (problems.length > 0 && template.test(text)) return { documents: [], problems: [unfilled(text, file)] };
  return { documents: documents.flatMap(itemsOf), problems };
}

/** What a template of Helm has where something else is to be: {{ .Values.name }}, {{- if … }}. */
const template = /\{\{-?\s*[\w.$(/"]/;

function unfilled(text: string, file: string): Problem {
  const before = text.slice(0, text.search(template)).split('\n');
  return {
    file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    message: 'this is a template that is not filled in',
    hint: 'take what `helm template` prints',
  };
}

/** A list's items (`kubectl get -o yaml` prints them so), and what other documents are. */
function itemsOf(document: YamlDocument): YamlDocument[] {
  const items = valueAt(document.value, ['items']);
  const kind = valueAt(document.value, ['kind']);
  if (!Array.isArray(items) || typeof kind !== 'string' || !kind.endsWith('List')) return [document];
  return items.flatMap((_, index) => itemsOf(document.part(['items', index])));
}
