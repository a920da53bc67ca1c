/** Escapes text for XML content and attribute values; refuses what XML 1.0 cannot hold. */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text))
    throw new RangeError('a control character cannot be in XML');
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

/** A template tag whose values are escaped; use `raw()` for a value that is XML already. */
export function xml(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Raw)[]
): string {
  return parts.reduce((text, part, at) => {
    const value = values[at - 1];
    return text + (value instanceof Raw ? value.text : escapeXml(String(value))) + part;
  });
}

class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Marks XML as XML, so that `xml` does not escape it. */
export function raw(text: string): Raw {
  return new Raw(text);
}
