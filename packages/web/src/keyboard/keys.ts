/** The keyboard map, as help shows it. */
export const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Find and go',
    [
      ['Ctrl K', 'Find or do anything'],
      ['/', 'Filter the machines'],
      ['j k', 'Next, previous machine'],
      ['Enter', 'Open it'],
      ['g o', 'Overview'],
      ['g l', 'Log'],
      ['g p', 'Parked machines'],
      ['?', 'This help'],
    ],
  ],
  [
    'For the machine that is open, or under the cursor',
    [
      ['s', 'Start or resume'],
      ['p', 'Pause'],
      ['d', 'Shut down'],
      ['r', 'Reboot'],
      ['m', 'Migrate'],
      ['c', 'Console'],
      ['n', 'New machine'],
    ],
  ],
  [
    'Several machines',
    [
      ['x', 'Select, or not'],
      ['Shift J, K', 'Select and go on'],
      ['a', 'Select all that are shown'],
      ['Esc', 'Select none, close'],
    ],
  ],
];
