import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { markdown } from './markdown.ts';
import { code, escapeMarkdown } from './markdown-text.ts';
import type { Report } from './model.ts';
import { suiteMarkdown } from './suite/markdown.ts';
import type { Suite } from './suite/model.ts';

/** The page that GitHub makes of it. */
const page = (text: string) =>
  micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });

/** Names of the elements of a page, each once. */
const elements = (html: string) =>
  [...new Set([...html.matchAll(/<([a-z][\w]*)/g)].map(([, name]) => name))].sort();

const ours = ['br', 'code', 'details', 'em', 'h2', 'h3', 'li', 'p', 'pre', 'strong', 'summary', 'table'];
const ofTables = ['tbody', 'td', 'th', 'thead', 'tr', 'ul'];

describe('report.md', () => {
  test('says the verdict first', () => {
    expect(markdown(sampleReport()).split('\n').slice(0, 3).join('\n')).toMatchInlineSnapshot(`
      "## ✅ PASS: zone-failover

      **The mesh held.** When zone eu-1/east went down, traffic moved to eu-1/west in 1.24 s and came back 10.3 s after the zone did; 99.3 % of all requests succeeded."
    `);
  });

  test('names the failed check and the setting behind each error', () => {
    const text = markdown(sampleReport('fail'));
    expect(text).toContain('| ❌ fail | failed over within 5 s');
    expect(text).toContain('in `zone-failover.mesh.yaml:23`');
  });

  test('an invalid run says which rule, before any check', () => {
    const text = markdown(sampleReport('invalid'));
    expect(text.indexOf('Raise load.users')).toBeGreaterThan(0);
    expect(text.indexOf('Raise load.users')).toBeLessThan(text.indexOf('### Checks'));
  });

  test('folds what is long, and leaves the verdict, what failed and why in sight', () => {
    const report = sampleReport('fail');
    const failed = report.checks.filter(({ status }) => status === 'fail');
    const held = report.checks.filter(({ status }) => status === 'pass').slice(0, 1);
    const many = { ...report, checks: [...Array(40).fill(held[0]), ...failed] };
    const [before = ''] = markdown(many).split('<details>');
    expect(before).toContain('❌ fail');
    expect(before).not.toContain('✅ pass');
    expect(markdown(many)).toContain('<details><summary>40 checks held</summary>');
    expect(markdown({ ...many, checks: Array(40).fill(held[0]) })).toContain('All 40 checks held.');
  });

  test('reads well without Markdown: names, quotes and numbers are as they are', () => {
    expect(escapeMarkdown('edge_app\'s p95 is "99.5" %, -3 ms; v1.2-rc, 20260314 (a)')).toBe(
      'edge_app\'s p95 is "99.5" %, -3 ms; v1.2-rc, 20260314 (a)',
    );
    expect(markdown(sampleReport('fail'))).not.toMatch(/&#|<code>/);
  });

  test('escapes markup, cells, mentions, references and links', () => {
    expect(escapeMarkdown('a|b `c` <b> *d* [e](http://f) @g #1 www.h _i_ ~j~')).toBe(
      'a&#124;b &#96;c&#96; &lt;b&gt; \\*d\\* \\[e\\](http:<!-- -->//f) @<!-- -->g #<!-- -->1 www<!-- -->.h \\_i\\_ \\~j\\~',
    );
    expect(escapeMarkdown('# two\nlines')).toBe('\\# two lines');
  });

  test.each([
    ['http://a.example/x', 'http:<!-- -->//a.example/x'],
    ['mailto:me@a.example', 'mailto<!-- -->:me@<!-- -->a.example'],
    ['www.a.example', 'www<!-- -->.a.example'],
    ['a4f3c2b1 and abcdef', 'a4f3c2<!-- -->b1 and abcdef'],
    ['1. one', '1\\. one'],
    ['- one', '\\- one'],
  ])('%s is no link and no list, as text and as code', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
    for (const html of [page(escapeMarkdown(text)), page(code(text))]) {
      expect(elements(html).filter((name) => name !== 'code')).toEqual(['p']);
    }
  });

  test.each(['a`b', '``', '`', 'a|b`c', 'x\\', '\\`', ' a ', '<b>', '&amp;', "'", '\\|'])(
    'the code %j says just that',
    (text) => {
      const html = page(`| a | b |\n| --- | --- |\n| ${code(text)} | ${code(text)} |\n`);
      const shown = [...html.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = '']) =>
        cell
          .replace(/<\/?code>|<!-- -->/g, '')
          .replace(/&lt;|&#60;/g, '<')
          .replace(/&gt;|&#62;/g, '>')
          .replace(/&quot;/g, '"')
          .replace(/&amp;/g, '&'),
      );
      expect(shown).toEqual([text.trim(), text.trim()]);
    },
  );

  test('nothing that names carry becomes markup or another cell', () => {
    const text = markdown(hostileReport());
    const html = page(text.replace(/^(`{3,})yaml\n[\s\S]*?^\1$/gm, ''));
    for (const name of elements(html)) expect([...ours, ...ofTables]).toContain(name);
    expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length);
    for (const row of html.split('</tr>').filter((each) => each.includes('<td'))) {
      expect([4, 5, 6, 9]).toContain(row.match(/<td/g)?.length);
    }
  });

  test('a code block outlasts the backticks inside it', () => {
    const configuration = [{ file: 'a.yaml', content: '```\n</details><script>\n````' }];
    expect(markdown({ ...sampleReport(), configuration })).toContain('`````yaml\n');
  });

  test('stays within what a comment may hold, and whole', () => {
    const configuration = [{ file: 'big.yaml', content: 'key: value\n'.repeat(10_000) }];
    const text = markdown({ ...sampleReport(), configuration });
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/\n```\n\n\*… and \d+ more: see report\.html\.\*\n\n<\/details>\n/);
  });
});

/** Ten thousand of everything, each with a name that asks for trouble. */
function endlessReport(): Report {
  const report = hostileReport();
  const many = <Item>(items: readonly Item[] = []): Item[] =>
    Array.from(
      { length: items.length === 0 ? 0 : 10_000 },
      (_, index) => items[index % items.length] as Item,
    );
  const name = `| a \`b\` <b> @c ${'|`<'.repeat(700)}`;
  return {
    ...report,
    summary: name,
    scenario: { ...report.scenario, name, load: name },
    checks: many(report.checks).map((check) => ({ ...check, name })),
    probes: many(report.probes),
    errors: many(report.errors).map((error) => ({ ...error, cause: name, host: name, setting: name })),
    faults: report.faults.map((fault) => ({ ...fault, targets: Array(10_000).fill(name) })),
    validity: many(report.validity),
    notes: many([name]),
    configuration: many(report.configuration).map(({ content }) => ({ file: name, content })),
  };
}

test('ten thousand errors, checks and probes with long names fit a comment', { timeout: 120_000 }, () => {
  const report = endlessReport();
  const suite = {
    schema: 'breakwater/suite/v1',
    verdict: 'fail',
    exitCode: 1,
    interrupted: false,
    summary: report.summary,
    run: { ...report.run, id: 'suite', seed: 1 },
    wallMs: 1,
    scenarios: Array.from({ length: 5 }, () => ({
      name: report.scenario.name,
      description: '',
      file: 'a.yaml',
      ended: 'reported',
      wallMs: 1,
      folder: 'a',
      report,
    })),
  } as Suite;
  for (const text of [markdown(report), suiteMarkdown(suite)]) {
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('more');
    const html = page(text.replace(/^(`{3,})yaml\n[\s\S]*?^\1$/gm, ''));
    for (const name of elements(html)) expect([...ours, ...ofTables]).toContain(name);
    expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length);
    expect(text).toContain('❌ fail');
  }
});
