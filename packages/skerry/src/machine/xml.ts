import { escapeXml } from '../util/escape-xml.ts';

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
