import { realpathSync } from 'node:fs';

/**
 * A unit (systemd.service(5)) that runs central or the agent of this host.
 *
 * @param dir where it keeps its files
 * @param program Node and the script, by default as they were called now
 */
export function systemdUnit(
  part: 'central' | 'agent',
  dir: string,
  program: readonly string[] = process.argv,
): string {
  const [node = '', script = ''] = program;
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
ProtectHome=${homeProtection([node, script], dir)}
PrivateTmp=yes

[Install]
WantedBy=multi-user.target`;
}

/** People have Node and npm's packages in their home: then those are to be read. */
function homeProtection(program: readonly string[], dir: string): 'yes' | 'read-only' | 'no' {
  const isAtHome = (path: string): boolean =>
    [path, behind(path)].some((each) => /^\/(home|root|run\/user)(\/|$)/.test(each));
  if (isAtHome(dir)) return 'no';
  return program.some(isAtHome) ? 'read-only' : 'yes';
}

/** `npm link` makes a link outside to what is in a home. */
function behind(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // It is not there yet.
    return path;
  }
}

/** As systemd reads words: a % would be a specifier, a $ a variable. */
function quote(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./%$-]+$/.test(word) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`;
}
