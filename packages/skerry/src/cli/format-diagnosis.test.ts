import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatDiagnosis } from './format-diagnosis.ts';

test('prints remedies whole, findings wrapped, and a verdict', () => {
  const text = formatDiagnosis(
    {
      ok: false,
      user: 'ada',
      errors: 1,
      warnings: 1,
      checks: [
        { id: 'tun', title: '', level: 'ok', finding: 'opens' },
        {
          id: 'kvm',
          title: '',
          level: 'warning',
          finding: 'there is no /dev/kvm: '.repeat(3).trim(),
        },
        {
          id: 'subuid',
          title: '',
          level: 'error',
          finding: 'none',
          remedy: [
            '# first:',
            'sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ada',
          ],
        },
      ],
    },
    60,
  );
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "  ✓ tun     opens
      ! kvm     there is no /dev/kvm: there is no /dev/kvm:
                there is no /dev/kvm:
      ✗ subuid  none
                  # first:
                  sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ada

    1 problem, 1 warning: skerry up cannot work for ada until the problems (✗) are mended."
  `);
});
