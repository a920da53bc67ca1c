// Rectangles with areas by weight, as square as they come (squarified treemap, Bruls et al. 2000). Pure.

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A box for each weight, in the given order of weights, which must be falling; together they fill `within`. Equal weights have
 * equal boxes, in a grid.
 *
 * @example
 * treemap([3, 1], { x: 0, y: 0, width: 4, height: 1 })[0]; // { x: 0, y: 0, width: 3, height: 1 }
 */
export function treemap(weights: readonly number[], within: Box): Box[] {
  const total = weights.reduce((sum, each) => sum + each, 0);
  if (total <= 0) return [];
  // Those that are equal look equal.
  if (weights[0] === weights.at(-1)) return grid(weights.length, within);
  const scale = (within.width * within.height) / total;
  const areas = weights.map((each) => each * scale);
  const boxes: Box[] = [];
  let free = within;
  for (let at = 0; at < areas.length;) {
    const side = Math.min(free.width, free.height);
    let row = areas.slice(at, at + 1);
    while (at + row.length < areas.length) {
      const longer = areas.slice(at, at + row.length + 1);
      if (worst(longer, side) > worst(row, side)) break;
      row = longer;
    }
    boxes.push(...layRow(row, free));
    free = restOf(row, free);
    at += row.length;
  }
  return boxes;
}

/** A name is wide: boxes are about twice as wide as high. The last row may have room left. */
function grid(count: number, { x, y, width, height }: Box): Box[] {
  const columns = Math.max(1, Math.min(count, Math.round(Math.sqrt((count * width) / height / 2))));
  const box = { width: width / columns, height: height / Math.ceil(count / columns) };
  return Array.from({ length: count }, (_, at) => ({
    x: x + (at % columns) * box.width,
    y: y + Math.floor(at / columns) * box.height,
    ...box,
  }));
}

function worst(row: readonly number[], side: number): number {
  const sum = row.reduce((all, each) => all + each, 0);
  const depth = sum / side;
  return Math.max(...row.map((area) => Math.max(depth / (area / depth), area / depth / depth)));
}

function layRow(row: readonly number[], { x, y, width, height }: Box): Box[] {
  const sum = row.reduce((all, each) => all + each, 0);
  const isWide = width >= height;
  const depth = sum / (isWide ? height : width);
  let offset = 0;
  return row.map((area) => {
    const length = area / depth;
    const box = isWide
      ? { x, y: y + offset, width: depth, height: length }
      : { x: x + offset, y, width: length, height: depth };
    offset += length;
    return box;
  });
}

function restOf(row: readonly number[], { x, y, width, height }: Box): Box {
  const sum = row.reduce((all, each) => all + each, 0);
  if (width >= height) {
    const depth = sum / height;
    return { x: x + depth, y, width: Math.max(0, width - depth), height };
  }
  const depth = sum / width;
  return { x, y: y + depth, width, height: Math.max(0, height - depth) };
}
