// XMPP addresses (RFC 7622), as far as we need them: what we make is in small letters and ASCII already.

export interface Jid {
  /** Empty for a server. */
  readonly local: string;
  readonly domain: string;
  /** Empty for a bare address. */
  readonly resource: string;
}

/**
 * @example
 * parseJid('hv1@bus.skerry/hv1') // { local: 'hv1', domain: 'bus.skerry', resource: 'hv1' }
 */
export function parseJid(text: string): Jid {
  const slash = text.indexOf('/');
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf('@');
  return {
    local: at < 0 ? '' : bare.slice(0, at),
    domain: bare.slice(at + 1).toLowerCase(),
    resource: slash < 0 ? '' : text.slice(slash + 1),
  };
}

export function formatJid({ local, domain, resource }: Jid): string {
  return `${local && `${local}@`}${domain}${resource && `/${resource}`}`;
}

/** Without its resource. */
export function bareJid(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}
