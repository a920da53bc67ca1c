/** A unit (systemd.service(5)) that runs central or the agent of this host, as it was called now. */
export function systemdUnit(part: 'central' | 'agent', dir: string): string {
  const [node = '', script = ''] = process.argv;
  const words = [node, script, part, 'run', '--dir', dir].map(quote).join(' ');
  const after = part === 'agent' ? ' libvirtd.service virtqemud.service' : '';
  return `[Unit]
Description=Skerry ${part}
After=network-online.target${after}
Wants=network-online.target

[Service]
ExecStart=${words}
Restart=always
RestartSec=2
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target`;
}

/** As systemd reads words: a % would be a specifier, a $ a variable. */
function quote(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./%$-]+$/.test(word) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}
