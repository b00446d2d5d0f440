import { describe, expect, it } from 'vitest';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { describeFailure } from '../../src/terminal/top-level.ts';

describe('A failure at the top level', () => {
  it('is one line', () => {
    expect(describeFailure(new LauncherError('no\nway'), false)).toBe('lantern: no');
    expect(describeFailure('thrown', false)).toBe(
      'lantern: failed: thrown (this should not happen; LANTERN_DEBUG=1 tells where it did)',
    );
  });

  it('says that it is ours, if nobody at the keyboard could have caused it', () => {
    expect(describeFailure(new TypeError('x is not a function'), false)).toBe(
      'lantern: TypeError: x is not a function (this should not happen; LANTERN_DEBUG=1 tells where it did)',
    );
  });

  it('comes with its stack for those who ask', () => {
    expect(describeFailure(new TypeError('x'), true)).toContain('top-level.test.ts');
  });
});
