/**
 * Wraps what is too wide: paragraphs that begin at the left edge are filled anew, all else (options, commands to paste)
 * stays as it is. Pure.
 */
export function reflow(text: string, width: number): string {
  const done: string[] = [];
  let paragraph: string[] = [];
  const end = (): void => {
    done.push(
      ...(paragraph.some((line) => line.length > width) ? fill(paragraph, width) : paragraph),
    );
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) paragraph.push(line);
    else {
      end();
      done.push(line);
    }
  }
  end();
  return done.join('\n');
}

function fill(paragraph: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of paragraph.join(' ').split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
