/** The longest host name (RFC 1123 label). */
const LABEL_MAX = 63;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
/** Says the same to editors: what a name in a lab file may look like. */
export const NAME_PATTERN = '^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$';
export const LABEL_PATTERN = '^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$';

/** The host name of a machine or lab: lower case, `-` for each `_`. */
export function toHostName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * Why a text is no host name, as the end of the sentence "it ..."; `undefined` when it is one.
 *
 * @example hostNameProblem('web.1') // "has a '.' in it"
 */
export function hostNameProblem(label: string): string | undefined {
  if (label === '') return 'is empty';
  if (label.length > LABEL_MAX) return `is longer than ${LABEL_MAX} characters`;
  if (/^[-_]/.test(label)) return `starts with '${label.slice(0, 1)}'`;
  if (/[-_]$/.test(label)) return `ends with '${label.slice(-1)}'`;
  const stranger = /[^a-z0-9-]/i.exec(label);
  if (stranger) return `has a '${stranger[0]}' in it`;
  // Resolvers read a bare number as an IPv4 address, and JavaScript moves such keys to the front of an object.
  if (/^\d+$/.test(label)) return 'is a bare number';
  if (label.toLowerCase() === 'localhost') return 'means every machine itself';
  return undefined;
}

/** The same for a domain of several labels. */
export function domainProblem(domain: string): string | undefined {
  if (domain === '') return 'is empty';
  if (domain.length > 253 - LABEL_MAX - 1)
    return `is longer than ${253 - LABEL_MAX - 1} characters`;
  if (domain === 'local' || domain.endsWith('.local')) return 'is kept for multicast DNS';
  const labels = domain.split('.');
  const bad = labels.find((label) => label.length > LABEL_MAX || !LABEL.test(label));
  if (bad !== undefined) return bad === '' ? 'has an empty part' : `has the part '${bad}'`;
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'ends with a number';
  return domain === 'localhost' ? 'means every machine itself' : undefined;
}
