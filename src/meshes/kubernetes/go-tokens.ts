import { type CST, Lexer, Parser } from 'yaml';
import { documentsOf } from './json-documents.ts';

/** What the lexer says before a scalar without quotes. */
const plainScalar = '\u001f';

/** The tokens of a text as kubectl cuts it: JSON documents one after the other, then YAML. */
export function* goTokens(text: string): Generator<CST.Token> {
  for (const { from, to } of documentsOf(text)) {
    const parser = new Parser();
    parser.offset = from;
    for (const lexeme of withColons(lexemes(text.slice(from, to)))) yield* parser.next(lexeme);
    yield* parser.end();
  }
}

/** What the lexer knows of where it is; its types keep that to itself. */
interface LexerState {
  /** Brackets around it. */
  flowLevel: number;
  /** How far the next line must be indented at least. */
  indentNext: number;
}

/** A lexer's parts of a text. Within brackets Go's reader asks for no indentation; YAML does. */
function* lexemes(text: string): Generator<string> {
  const lexer = new Lexer();
  const state = lexer as unknown as LexerState;
  let outside = 0;
  for (const lexeme of lexer.lex(text)) {
    if (state.flowLevel === 0) {
      if (outside > 0) state.indentNext = outside;
      outside = 0;
    } else {
      if (outside === 0) outside = state.indentNext;
      state.indentNext = 0;
    }
    yield lexeme;
  }
}

/** Within brackets Go's reader takes a colon with a bracket or comma behind it for the end of a text: [fe80::, a:]. */
function* withColons(all: Iterable<string>): Generator<string> {
  const parts = [...all];
  let depth = 0;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? '';
    if (part !== plainScalar) {
      if (part === '[' || part === '{') depth += 1;
      if (part === ']' || part === '}') depth -= 1;
      yield part;
      continue;
    }
    const text = parts[index + 1] ?? '';
    // The lexer may put a scalar of nothing behind the colon.
    const next = parts[index + 3] === plainScalar && parts[index + 4] === '' ? index + 5 : index + 3;
    const ends = depth > 0 && parts[index + 2] === ':' && /^[,[\]{}]/.test(parts[next] ?? '');
    yield part;
    yield ends ? `${text}:` : text;
    index = ends ? next - 1 : index + 1;
  }
}
