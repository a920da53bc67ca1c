// Drawn for this page on a 16-pixel grid, one line width.
const PATHS: Readonly<Record<string, string>> = {
  play: 'M5 3.2v9.6l7.5-4.8z',
  resume: 'M3.5 3v10M6.5 3.2v9.6l6.5-4.8z',
  pause: 'M5.5 3v10M10.5 3v10',
  power: 'M8 2v5.5M4.7 4.2a5 5 0 1 0 6.6 0',
  plug: 'M9.2 1.8 4 9h4l-1.2 5.2L12 7H8z',
  reboot: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  migrate: 'M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3',
  camera: 'M2 5h2.5l1-1.5h5L11.5 5H14v8H2zM8 11.2a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5 6.5 12 13 4.5',
  chevron: 'M6 4l4 4-4 4',
  down: 'M4 6l4 4 4-4',
  back: 'M10 3 5 8l5 5',
  server: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  machine: 'M2 3h12v8H2zM6 14h4M8 11v3',
  grid: 'M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z',
  log: 'M3 3h10M3 6.5h10M3 10h6.5M3 13.5h4',
  people:
    'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3a2.3 2.3 0 0 1 0 4.3M12 9.7c1.6.5 2.5 1.8 2.5 3.8',
  park: 'M4 14V2h4.5a3.5 3.5 0 0 1 0 7H4',
  chat: 'M2 3h12v8H7l-3 3v-3H2z',
  terminal: 'M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3',
  screen: 'M2 3h12v8.5H2zM5.5 14h5',
  disk: 'M8 6c3.3 0 5.5-.9 5.5-2S11.3 2 8 2s-5.5.9-5.5 2S4.7 6 8 6zM2.5 4v8c0 1.1 2.2 2 5.5 2s5.5-.9 5.5-2V4M2.5 8c0 1.1 2.2 2 5.5 2s5.5-.9 5.5-2',
  tag: 'M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.3h.01',
  trash: 'M3 4.5h10M6 4.5V2.5h4v2M4.3 4.5l.7 9h6l.7-9',
  clone: 'M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3',
  edit: 'M10.5 3 13 5.5 5.5 13H3v-2.5z',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.5 1.5',
  lock: 'M4 7.5h8V14H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.5A6 6 0 0 1 6.5 2.5 6 6 0 1 0 13.5 9.5z',
  auto: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5h4.5M8 8h6M8 11h4.5',
  logout: 'M6 2.5H3v11h3M7 8h7M11 5l3 3-3 3',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.2a1.8 1.8 0 1 1 2.5 1.7c-.5.2-.7.5-.7 1.1M8 11.3h.01',
  warn: 'M8 2 1.5 13.5h13zM8 6.5v3.5M8 12h.01',
  drain: 'M3 3h10M5 6h6M8 8v6M5.5 11.5 8 14l2.5-2.5',
  code: 'M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4',
  dot: 'M8 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  memory: 'M2 4.5h12v6H2zM4.5 10.5v2M8 10.5v2M11.5 10.5v2M5 7h1.5M9.5 7H11',
  cpu: 'M4 4h8v8H4zM6.5 6.5h3v3h-3zM6 4V2M10 4V2M6 14v-2M10 14v-2M4 6H2M4 10H2M14 6h-2M14 10h-2',
  network: 'M8 2v4M3 10h10M3 10v4M13 10v4M8 6v4M8 10v4',
  full: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
};

export function Icon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' || name === 'dot' ? 2.2 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name] ?? PATHS['dot']} />
    </svg>
  );
}

const VERB_ICONS: Readonly<Record<string, string>> = {
  create: 'play',
  resume: 'resume',
  suspend: 'pause',
  shutdown: 'power',
  destroy: 'plug',
  reboot: 'reboot',
  migrate: 'migrate',
  migrate_cancel: 'close',
  evacuate: 'migrate',
  snapshot_take: 'camera',
  clone: 'clone',
  rename: 'edit',
  define: 'code',
  undefine: 'trash',
  free: 'trash',
  park: 'park',
  settags: 'tag',
  memory: 'memory',
  setvcpus: 'cpu',
  schedule: 'clock',
  permission_set: 'lock',
  alloc: 'plus',
  drain: 'drain',
  drives_create: 'disk',
  drives_setgolden: 'disk',
  drives_convert: 'migrate',
  drives_delete: 'trash',
  snapshot_revert: 'reboot',
  snapshot_delete: 'trash',
  network_define: 'network',
  network_create: 'play',
  network_destroy: 'power',
  network_undefine: 'trash',
  manage: 'check',
  unmanage: 'close',
  autostart: 'power',
  info: 'chat',
  nodeinfo: 'chat',
  unpark: 'migrate',
};

/** A verb that is new has a dot, until somebody draws one. */
export function verbIcon(verb: string): string {
  return VERB_ICONS[verb] ?? 'dot';
}
