// Vectors in the patient coordinate system (LPS, mm; PS3.3 C.7.6.2.1.1).

export type Vector = readonly [number, number, number];

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);

export interface Orientation {
  /** Direction of increasing column index. */
  row: Vector;
  /** Direction of increasing row index. */
  column: Vector;
}

/** ImageOrientationPatient's six values; undefined unless they are two unit vectors at right angles (within 1 %). */
export function readOrientation(values: readonly number[]): Orientation | undefined {
  if (values.length !== 6) return undefined;
  const [a, b, c, d, e, f] = values as [number, number, number, number, number, number];
  const row: Vector = [a, b, c];
  const column: Vector = [d, e, f];
  const ok = Math.abs(length(row) - 1) < 0.01 && Math.abs(length(column) - 1) < 0.01 && Math.abs(dot(row, column)) < 0.01;
  return ok ? { row, column } : undefined;
}

export function readPosition(values: readonly number[]): Vector | undefined {
  return values.length === 3 ? (values as unknown as Vector) : undefined;
}

export const normal = (orientation: Orientation): Vector => cross(orientation.row, orientation.column);

/** Whether two planes have the same orientation within about half a degree. */
export function sameOrientation(a: Orientation | undefined, b: Orientation | undefined): boolean {
  if (!a || !b) return a === b;
  return dot(a.row, b.row) > 0.99995 && dot(a.column, b.column) > 0.99995;
}

/** A vector turned about a unit axis, by radians, the right-handed way. */
export function rotated(v: Vector, axis: Vector, angle: number): Vector {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const along = dot(v, axis) * (1 - c);
  const side = cross(axis, v);
  return [v[0] * c + side[0] * s + axis[0] * along, v[1] * c + side[1] * s + axis[1] * along, v[2] * c + side[2] * s + axis[2] * along];
}
