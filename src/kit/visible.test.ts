import { describe, expect, it } from 'vitest';
import { visible, visibleColoured, visibleJson, visibleLines } from './visible.ts';

describe('a text of others', () => {
  it.each([
    ['\u001b[2Jgone', String.raw`\x1b[2Jgone`],
    ['a\n::error::b\r\tc', String.raw`a\n::error::b\r\tc`],
    ['\u009b31m\u0085\u007f', String.raw`\x9b31m\x85\x7f`],
    ['\u202eevil\u2066\u200b\u2028', String.raw`\u202eevil\u2066\u200b\u2028`],
    ['::error::x', String.raw`\x3a:error::x`],
    ['  ##[error]x', String.raw`  \x23#[error]x`],
    ['a::b, größer, 日本, 👩‍', 'a::b, größer, 日本, 👩\\u200d'],
  ])('has no line but ours: %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('keeps its lines where it may have some', () => {
    expect(visibleLines('a\r\n\t::error::\u001b[1m\n\tb\\t')).toBe('a\n\t\\x3a:error::\\x1b[1m\n\tb\\t');
  });

  it('keeps our colours', () => {
    expect(visibleColoured('\u001b[33mwarning\u001b[39m: \u001b[2J\u202e')).toBe(
      '\u001b[33mwarning\u001b[39m: \\x1b[2J\\u202e',
    );
    expect(visibleColoured('a\n\u001b[33m::error::')).toBe('a\n\\x3a:error::');
  });

  it('means the same in JSON', () => {
    const value = { 'a\u009b': ['\u202e', '\n', '\u001b'] };
    expect(visibleJson(value)).not.toMatch(/[\u0080-\uffff]/);
    expect(JSON.parse(visibleJson(value))).toEqual(value);
  });
});
