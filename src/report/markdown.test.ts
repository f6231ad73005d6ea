import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { escapeMarkdown, markdown } from './markdown.ts';

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
    expect(text).toContain('<code>zone-failover.mesh.yaml:23</code>');
  });

  test('an invalid run says which rule, before any check', () => {
    const text = markdown(sampleReport('invalid'));
    expect(text.indexOf('Raise load.users')).toBeGreaterThan(0);
    expect(text.indexOf('Raise load.users')).toBeLessThan(text.indexOf('### Checks'));
  });

  test('escapes markup, cells, mentions, references and links', () => {
    expect(escapeMarkdown('a|b `c` <b> *d* [e](http://f) @g #1 www.h')).toBe(
      'a&#124;b &#96;c&#96; &#60;b&#62; &#42;d&#42; &#91;e&#93;(http:<!-- -->//f) @<!-- -->g #<!-- -->1 www<!-- -->.h',
    );
    expect(escapeMarkdown('# two\nlines')).toBe('&#35; two lines');
  });

  test.each([
    ['http://a.example/x', 'http:<!-- -->//a.example/x'],
    ['mailto:me@a.example', 'mailto<!-- -->:me@<!-- -->a.example'],
    ['www.a.example', 'www<!-- -->.a.example'],
    ['a4f3c2b1 and abcdef', 'a4f3c2<!-- -->b1 and abcdef'],
  ])('%s is no link, as text and as code', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
    expect(markdown({ ...sampleReport(), run: { ...sampleReport().run, command: text } })).toContain(
      `Again: <code>${escaped}</code>`,
    );
  });

  test('nothing that names carry becomes markup or another cell', () => {
    const text = markdown(hostileReport()).replace(/^(`{3,})yaml\n[\s\S]*?^\1$/gm, '');
    expect(text).not.toMatch(/<script|<img|<svg|<details open/);
    for (const row of text.split('\n').filter((line) => /^\| [✅❌]/u.test(line))) {
      expect([6, 5, 4]).toContain(row.split('|').length - 2);
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
    expect(text).toContain('report.html has 1 more section');
  });
});
